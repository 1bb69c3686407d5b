#include "models/models.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>

#include "auth/file_store.hpp"
#include "auth/lease.hpp"

using namespace handover;
using namespace handover::models;

namespace {

// A provider of the openai plugin with a key in the environment, and a way out that answers what
// the test says.
class Scene {
public:
    Scene()
        : folder_(make_folder()),
          instance_(load("openai")),
          broker_({.store = auth::open_file_store({.folder = folder_ / "credentials"}),
                   .leases = std::make_shared<auth::LeaseTable>(folder_ / "leases"),
                   .send = {},
                   .clock = [this] { return now; },
                   .environment = [](const std::string& name) -> std::optional<std::string> {
                       if (name == "SOME_KEY") return "sandbox-key-1";
                       return std::nullopt;
                   }}) {
        provider.name = "some";
        provider.plugin = "openai";
        provider.base_url = "https://models.example.com/v1";
        provider.methods = {{.id = "api-key",
                             .kind = auth::Kind::api_key,
                             .billing = auth::Billing::metered,
                             .env = {"SOME_KEY"},
                             .attach = {{"Authorization", "Bearer {api_key}"}}}};
    }
    ~Scene() { std::filesystem::remove_all(folder_); }
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    Result<Listing> list(Freshness freshness = Freshness::kept_will_do) {
        return list_models({.provider = provider,
                            .instance = instance_,
                            .broker = broker_,
                            .send =
                                [this](const http::Request& request,
                                       const http::Limits& limits,
                                       const std::stop_token&) {
                                    requests.push_back(request);
                                    most_body = limits.max_body;
                                    return outcome;
                                },
                            .clock = [this] { return now; },
                            .cache_folder = folder_ / "cache"},
                           freshness,
                           {});
    }

    void answer(int status, std::string body, std::vector<http::Header> headers = {}) {
        outcome = {
            .delivery = http::Delivery::answered,
            .response = {.status = status, .headers = std::move(headers), .body = std::move(body)}};
    }

    void no_answer() {
        outcome = {.delivery = http::Delivery::not_sent,
                   .error = {.code = Errc::provider_unavailable, .message = "cannot reach it"}};
    }

    [[nodiscard]] std::filesystem::path cache() const { return folder_ / "cache"; }

    Time now = *text::parse_rfc3339("2026-11-22T12:00:00Z");
    providers::Provider provider = {};
    http::Outcome outcome = {};
    std::vector<http::Request> requests = {};
    std::size_t most_body = 0;

private:
    static std::filesystem::path make_folder() {
        auto pattern = (std::filesystem::temp_directory_path() / "handover-models-XXXXXX").string();
        return mkdtemp(pattern.data());
    }

    static plugins::Instance load(const std::string& plugin) {
        const auto file = std::filesystem::path(HANDOVER_PLUGINS) / (plugin + ".so");
        const auto loaded = plugins::Plugin::load(file, {});
        REQUIRE(loaded);
        auto instance =
            (*loaded)->create({.provider = "some", .base_url = "https://models.example.com/v1"});
        REQUIRE(instance);
        return *std::move(instance);
    }

    std::filesystem::path folder_;
    plugins::Instance instance_;
    auth::Broker broker_;
};

std::vector<std::string> ids(const Listing& listing) {
    std::vector<std::string> out;
    for (const auto& model : listing.models) out.push_back(model.id);
    return out;
}

constexpr auto two = R"({"data":[{"id":"m-1"},{"id":"m-2"}]})";
constexpr auto three = R"({"data":[{"id":"m-1"},{"id":"m-2"},{"id":"m-3"}]})";

}  // namespace

TEST_CASE("a list is asked for with the credential, and kept for an hour") {
    Scene scene;
    scene.answer(200, two, {{"ETag", "W/\"1\""}});
    const auto first = scene.list();
    REQUIRE(first);
    CHECK(ids(*first) == std::vector<std::string>{"m-1", "m-2"});
    CHECK(first->origin == Origin::provider);
    REQUIRE(scene.requests.size() == 1);
    const auto& request = scene.requests.front();
    CHECK(request.method == "GET");
    CHECK(request.url == "https://models.example.com/v1/models");
    CHECK(request.body.empty());
    CHECK_FALSE(http::find_header(request.headers, "if-none-match"));
    REQUIRE(request.credentials.size() == 1);
    CHECK(request.credentials.front().value.reveal() == "Bearer sandbox-key-1");
    CHECK(scene.most_body == 8U << 20U);

    scene.answer(200, three);
    scene.now += std::chrono::minutes(59);
    const auto again = scene.list();
    REQUIRE(again);
    CHECK(again->origin == Origin::cache);
    CHECK(again->fetched_at == first->fetched_at);
    CHECK(ids(*again) == ids(*first));
    CHECK(scene.requests.size() == 1);

    scene.now += std::chrono::minutes(1);
    const auto later = scene.list();
    REQUIRE(later);
    CHECK(later->origin == Origin::provider);
    CHECK(later->models.size() == 3);
    CHECK(http::find_header(scene.requests.back().headers, "if-none-match") == "W/\"1\"");
}

TEST_CASE("asking again") {
    Scene scene;
    scene.answer(200, two, {{"etag", "\"7\""}});
    REQUIRE(scene.list());
    scene.now += std::chrono::minutes(1);
    scene.answer(304, "");
    const auto same = scene.list(Freshness::ask_again);
    REQUIRE(same);
    CHECK(same->origin == Origin::provider);
    CHECK(same->fetched_at == scene.now);
    CHECK(same->models.size() == 2);
    CHECK(scene.requests.size() == 2);
    // The ETag is still known.
    scene.answer(200, three);
    REQUIRE(scene.list(Freshness::ask_again));
    CHECK(http::find_header(scene.requests.back().headers, "if-none-match") == "\"7\"");
}

TEST_CASE("a provider that is not there") {
    Scene scene;
    scene.no_answer();
    const auto nothing = scene.list();
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().code == Errc::provider_unavailable);

    scene.answer(200, two);
    const auto first = scene.list();
    REQUIRE(first);
    scene.now += std::chrono::hours(30);
    for (const int status : {0, 429, 500, 503}) {
        CAPTURE(status);
        if (status == 0) scene.no_answer();
        if (status != 0) scene.answer(status, "{}");
        const auto stale = scene.list();
        REQUIRE(stale);
        CHECK(stale->origin == Origin::stale_cache);
        CHECK(stale->fetched_at == first->fetched_at);
        CHECK(stale->models.size() == 2);
        CHECK(stale->unreachable);
    }
}

TEST_CASE("what a kept list does not paper over") {
    Scene scene;
    scene.answer(200, two);
    REQUIRE(scene.list());
    scene.now += std::chrono::hours(2);
    struct Case {
        int status;
        const char* body;
        Errc code;
    };
    const Case cases[] = {{401, R"({"error":{"code":"invalid_api_key"}})", Errc::auth_denied},
                          {404, "{}", Errc::provider_rejected},
                          {302, "", Errc::provider_rejected},
                          {304, "", Errc::provider_rejected},  // nobody asked whether
                          {200, "<html></html>", Errc::plugin_failed}};
    for (const auto& c : cases) {
        CAPTURE(c.status);
        scene.answer(c.status, c.body);
        const auto failed = scene.list();
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == c.code);
    }
}

TEST_CASE("a list from the future is asked for again") {
    Scene scene;
    scene.answer(200, two);
    REQUIRE(scene.list());
    scene.now -= std::chrono::minutes(4);
    REQUIRE(scene.list());
    CHECK(scene.requests.size() == 1);
    scene.now -= std::chrono::minutes(2);
    REQUIRE(scene.list());
    CHECK(scene.requests.size() == 2);
}

TEST_CASE("what is kept, whatever its age") {
    Scene scene;
    CHECK_FALSE(kept_models(scene.provider, "", scene.cache()));
    scene.answer(200, two);
    REQUIRE(scene.list());
    const auto kept = kept_models(scene.provider, "default", scene.cache());
    REQUIRE(kept);
    CHECK(kept->models.size() == 2);
    CHECK_FALSE(kept_models(scene.provider, "work", scene.cache()));
    CHECK(scene.requests.size() == 1);
}
