#include <handover/plugin.hpp>

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace handover::sdk;

TEST_CASE("guard turns what is thrown into a message") {
    std::string said;
    const auto report = [&](std::string_view message) { said = message; };
    CHECK(guard([] { return HANDOVER_OK; }, report) == HANDOVER_OK);
    CHECK(guard([] { return HANDOVER_INVALID_REQUEST; }, report) == HANDOVER_INVALID_REQUEST);
    CHECK(said.empty());
    CHECK(guard([]() -> handover_status { throw std::runtime_error("why"); }, report) ==
          HANDOVER_FAILED);
    CHECK(said == "why");
    CHECK(guard([]() -> handover_status { throw 7; }, report) == HANDOVER_FAILED);
    CHECK(said == "an exception of an unknown type");
}

TEST_CASE("strings cross as pointer and length") {
    CHECK(view({nullptr, 0}).empty());
    CHECK(view({"ab", 1}) == "a");
    CHECK(view(borrow("a\0b")) == "a");
    CHECK(borrow(std::string_view("a\0b", 3)).size == 3);
}

TEST_CASE("headers of a failure are found without case") {
    Failure failure;
    failure.headers = {{"Retry-After", "5"}, {"retry-after", "6"}};
    CHECK(failure.header("RETRY-AFTER") == "5");
    CHECK_FALSE(failure.header("Retry-Afte"));
    CHECK_FALSE(failure.header("Retry-After2"));
}

TEST_CASE("a struct is read as far as its author knew it") {
    handover_plugin table = {};
    table.size = 40;
    CHECK(HANDOVER_HAS(&table, classify));
    CHECK_FALSE(HANDOVER_HAS(&table, get_extension));
    table.size = 47;
    CHECK_FALSE(HANDOVER_HAS(&table, get_extension));
    table.size = 48;
    CHECK(HANDOVER_HAS(&table, get_extension));
}

namespace {

class Plain {
public:
    Plain(const Config&, Log) {}
    PrepareAnswer prepare(const Request&) const { return Prepared{}; }
    Classification classify(const Failure&) const { return {}; }
};

// As sdk/README.md shows it.
class Acme : public Plain {
public:
    using Plain::Plain;
    std::vector<LimitWindow> limits(const AnswerHeaders& answer) const {
        const auto left = answer.header("x-acme-remaining");
        if (!left) return {};
        return {{.name = "requests",
                 .remaining = std::stoll(std::string(*left)),
                 .resets_at = answer.now + 60}};
    }
};

}  // namespace

TEST_CASE("a class that reads limits offers them, another does not") {
    CHECK(Face<Plain>::get_extension(borrow(HANDOVER_EXT_LIMITS)) == nullptr);
    CHECK(Face<Acme>::get_extension(borrow("handover.limits/2")) == nullptr);
    const auto* table =
        static_cast<const handover_limits*>(Face<Acme>::get_extension(borrow(HANDOVER_EXT_LIMITS)));
    REQUIRE(table != nullptr);
    CHECK(table->size == sizeof(handover_limits));

    std::vector<handover_limit_window> seen;
    const handover_limits_output output = {
        sizeof(handover_limits_output),
        0,
        &seen,
        [](void* context, const handover_limit_window* window) {
            static_cast<std::vector<handover_limit_window>*>(context)->push_back(*window);
        }};
    const Acme acme({}, {});
    const auto* instance = reinterpret_cast<const handover_instance*>(&acme);
    const handover_pair good = {borrow("X-Acme-Remaining"), borrow("7")};
    table->read(instance, &good, 1, 1000, &output);
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].size == sizeof(handover_limit_window));
    CHECK(seen[0].remaining == 7);
    CHECK(seen[0].limit == -1);
    CHECK(seen[0].used_percent < 0);
    CHECK(seen[0].window_seconds == -1);
    CHECK(seen[0].resets_at == 1060);

    const handover_pair bad = {borrow("x-acme-remaining"), borrow("many")};
    table->read(instance, &bad, 1, 1000, &output);
    table->read(instance, nullptr, 0, 1000, &output);
    CHECK(seen.size() == 1);
}
