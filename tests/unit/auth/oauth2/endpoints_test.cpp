#include "auth/endpoints.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "platform/files.hpp"

using namespace handover;
using namespace handover::auth;
using namespace std::chrono_literals;
using oauth2::EndpointSource;

namespace {

// An issuer's well-known places, a clock and a cache folder.
struct World {
    World() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "handover-endpoints-XXXXXX").string();
        folder = mkdtemp(pattern.data());
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() { std::filesystem::remove_all(folder); }

    std::string folder;
    Time now = Time(1'800'000'000s);
    std::map<std::string, std::string> documents = {};
    bool reachable = true;
    int requests = 0;

    DiscoveryServices services() {
        return {.send =
                    [this](const http::Request& request, const http::Limits&, std::stop_token) {
                        ++requests;
                        if (!reachable) return http::Outcome();
                        const auto found = documents.find(request.url);
                        http::Outcome outcome;
                        outcome.delivery = http::Delivery::answered;
                        outcome.response.status = found == documents.end() ? 404 : 200;
                        if (found != documents.end()) outcome.response.body = found->second;
                        return outcome;
                    },
                .clock = [this] { return now; },
                .cache_dir = folder};
    }
};

Method method(Discovery discovery) {
    Method made;
    made.issuer = "https://auth.example";
    made.discovery = discovery;
    made.endpoints.authorization_endpoint = "https://auth.example/declared/a";
    made.endpoints.token_endpoint = "https://auth.example/declared/t";
    return made;
}

constexpr auto openid = "https://auth.example/.well-known/openid-configuration";
constexpr auto rfc8414 = "https://auth.example/.well-known/oauth-authorization-server";
constexpr auto document =
    R"({"issuer":"https://auth.example","authorization_endpoint":"https://auth.example/found/a",)"
    R"("token_endpoint":"https://auth.example/found/t","authorization_response_iss_parameter_supported":true})";

}  // namespace

TEST_CASE("endpoints: discovery first, from either well-known place, kept for a day") {
    for (const auto* place : {openid, rfc8414}) {
        World world;
        world.documents[place] = document;
        const auto found = effective_endpoints(method(Discovery::first), world.services(), {});
        REQUIRE(found);
        CHECK(found->source == EndpointSource::discovery);
        CHECK(found->endpoints.token_endpoint == "https://auth.example/found/t");
        CHECK(found->iss_promised);
        const auto asked = world.requests;
        world.now += 24h - 1s;
        CHECK(effective_endpoints(method(Discovery::first), world.services(), {})
                  .value()
                  .iss_promised);
        CHECK(world.requests == asked);
        world.now += 1s;
        CHECK(effective_endpoints(method(Discovery::first), world.services(), {}));
        CHECK(world.requests > asked);
    }
}

TEST_CASE("endpoints: declared ones take the place of a discovery that fails") {
    World world;
    SECTION("unreachable") {
        world.reachable = false;
    }
    SECTION("absent") {}
    SECTION("another issuer's") {
        world.documents[openid] = R"({"issuer":"https://evil.example"})";
    }
    SECTION("not JSON") {
        world.documents[openid] = "<html>";
    }
    const auto found = effective_endpoints(method(Discovery::first), world.services(), {});
    REQUIRE(found);
    CHECK(found->source == EndpointSource::declared);
    CHECK(found->endpoints == method(Discovery::first).endpoints);
    CHECK_FALSE(found->iss_promised);
}

TEST_CASE("endpoints: neither source") {
    World world;
    auto bare = method(Discovery::first);
    bare.endpoints = {};
    CHECK_FALSE(effective_endpoints(bare, world.services(), {}));
    bare.discovery = Discovery::never;
    const auto none = effective_endpoints(bare, world.services(), {});
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Errc::config_invalid);
    bare.discovery = Discovery::first;
    bare.issuer = "http://auth.example";
    const auto asked = world.requests;
    CHECK_FALSE(effective_endpoints(bare, world.services(), {}));
    CHECK(world.requests == asked);  // plain http is not even asked
}

TEST_CASE("endpoints: fallback asks nobody until the declared ones are gone") {
    World world;
    world.documents[openid] = document;
    const auto fallback = method(Discovery::fallback);
    CHECK(effective_endpoints(fallback, world.services(), {}).value().source ==
          EndpointSource::declared);
    CHECK(world.requests == 0);
    http::Outcome gone;
    SECTION("404: for a day") {
        gone.delivery = http::Delivery::answered;
        gone.response.status = 404;
        remember_gone(fallback, EndpointSource::declared, gone, world.services());
        CHECK(effective_endpoints(fallback, world.services(), {}).value().source ==
              EndpointSource::discovery);
        world.now += 24h;
        CHECK(effective_endpoints(fallback, world.services(), {}).value().source ==
              EndpointSource::declared);
    }
    SECTION("not reached: for ten minutes") {
        remember_gone(fallback, EndpointSource::declared, gone, world.services());
        CHECK(effective_endpoints(fallback, world.services(), {}).value().source ==
              EndpointSource::discovery);
        world.now += 10min;
        CHECK(effective_endpoints(fallback, world.services(), {}).value().source ==
              EndpointSource::declared);
    }
    SECTION("never stays never") {
        remember_gone(method(Discovery::never), EndpointSource::declared, gone, world.services());
        CHECK(effective_endpoints(method(Discovery::never), world.services(), {}).value().source ==
              EndpointSource::declared);
    }
}

TEST_CASE("endpoints: a damaged or stale cache file is no answer") {
    World world;
    world.documents[openid] = document;
    CHECK(effective_endpoints(method(Discovery::first), world.services(), {}));
    for (const auto* damage : {"",
                               "{",
                               R"({"at":"2027-01-15T08:00:00Z"})",
                               R"({"at":"2199-01-01T00:00:00Z","document":{}})"}) {
        for (const auto& entry : std::filesystem::directory_iterator(world.folder)) {
            REQUIRE(platform::replace_file(entry.path(), damage));
        }
        const auto asked = world.requests;
        CHECK(effective_endpoints(method(Discovery::first), world.services(), {}).value().source ==
              EndpointSource::discovery);
        CHECK(world.requests == asked + 1);
    }
}

TEST_CASE("what counts as gone") {
    http::Outcome outcome;
    CHECK(endpoint_is_gone(outcome));
    outcome.delivery = http::Delivery::unknown;
    CHECK_FALSE(endpoint_is_gone(outcome));
    outcome.delivery = http::Delivery::answered;
    for (const int status : {200, 400, 401, 403, 405, 409, 411, 500, 503}) {
        outcome.response.status = status;
        CHECK_FALSE(endpoint_is_gone(outcome));
    }
    for (const int status : {404, 410}) {
        outcome.response.status = status;
        CHECK(endpoint_is_gone(outcome));
    }
}
