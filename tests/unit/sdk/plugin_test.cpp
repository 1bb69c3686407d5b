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
