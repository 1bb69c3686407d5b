#include "gateway/admission.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace handover::gateway {
namespace {

const std::string key = "hok_sandbox-000000000000000000000001";
const std::string other_key = "hok_sandbox-000000000000000000000002";

AdmissionRules rules() {
    return {
        .keys = {{.name = "old", .key = Secret(key)}, {.name = "new", .key = Secret(other_key)}},
        .hosts = {"gateway.internal"},
        .origins = {"https://app.example.com"}};
}

RequestHead head(std::string_view method = "POST", std::string_view path = "/v1/responses") {
    RequestHead made;
    made.method = method;
    made.path = path;
    made.host = "127.0.0.1:4141";
    return made;
}

int status_of(const Admission& admission) {
    return admission.refused ? admission.refused->status : 0;
}

}  // namespace

TEST_CASE("the names a gateway answers to") {
    struct Case {
        const char* host;
        bool loopback;
        bool remote;
    };
    const Case cases[] = {
        {"localhost", true, true},
        {"LocalHost:4141", true, true},
        {"localhost.", true, true},
        {"app.localhost:80", true, true},
        {"127.0.0.1", true, true},
        {"127.9.8.7:1", true, true},
        {"[::1]", true, true},
        {"[::1]:4141", true, true},
        {"gateway.internal", true, true},
        {"gateway.internal:443", true, true},
        {"192.168.0.2", false, true},
        {"192.168.0.2:4141", false, true},
        {"[fd00::2]:4141", false, true},
        {"10.0.0.1", false, true},
        {"evil.example.com", false, false},
        {"127.0.0.1.evil.example.com", false, false},
        {"evillocalhost", false, false},
        {"localhost.evil.example.com", false, false},
        {"sub.gateway.internal", false, false},
        {"localhost:80@evil.example.com", false, false},
        {"127.0.0.1, evil.example.com", false, false},
        {"0177.0.0.1", false, false},
        {"2130706433", false, false},
        {"", false, false},
        {":4141", false, false},
    };
    const auto hosts = rules().hosts;
    for (const auto& c : cases) {
        CAPTURE(c.host);
        CHECK(is_allowed_host(c.host, hosts, Entrance::loopback) == c.loopback);
        CHECK(is_allowed_host(c.host, hosts, Entrance::remote) == c.remote);
        CHECK(is_allowed_host(c.host, hosts, Entrance::local));
    }
}

TEST_CASE("who may ask") {
    struct Case {
        const char* name;
        std::optional<std::string_view> authorization;
        std::optional<std::string_view> x_api_key;
        std::optional<std::string_view> api_key;
        int status;
        const char* key_name;
    };
    const std::string bearer = "Bearer " + key;
    const std::string lower = "bearer   " + other_key;
    const std::string longer = bearer + "x";
    const std::string shorter = bearer.substr(0, bearer.size() - 1);
    const std::string basic = "Basic " + key;
    const Case cases[] = {
        {"nobody", {}, {}, {}, 401, ""},
        {"a bearer", bearer, {}, {}, 0, "old"},
        {"the other key, in lower case", lower, {}, {}, 0, "new"},
        {"x-api-key", {}, key, {}, 0, "old"},
        {"api-key", {}, {}, other_key, 0, "new"},
        {"the key and a byte", longer, {}, {}, 401, ""},
        {"the key but a byte", shorter, {}, {}, 401, ""},
        {"another scheme", basic, {}, {}, 401, ""},
        {"no scheme", std::string_view(key), {}, {}, 401, ""},
        {"an empty bearer", "Bearer ", {}, {}, 401, ""},
        {"a wrong bearer hides a right key", "Bearer wrong", key, {}, 401, ""},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            auto asked = head();
            asked.authorization = c.authorization;
            asked.x_api_key = c.x_api_key;
            asked.api_key = c.api_key;
            const auto admission = admit(asked, rules(), Entrance::loopback);
            CHECK(status_of(admission) == c.status);
            CHECK(admission.key_name == c.key_name);
            if (c.status != 401) return;
            CHECK(admission.refused->code == "invalid_api_key");
            CHECK(admission.refused->message.find(key) == std::string::npos);
        }
    }
}

TEST_CASE("without keys nobody may ask") {
    auto asked = head();
    asked.authorization = "Bearer ";
    CHECK(status_of(admit(asked, {}, Entrance::loopback)) == 401);
    asked.authorization = "Bearer x";
    CHECK(status_of(admit(asked, {}, Entrance::loopback)) == 401);
}

TEST_CASE("health is open, to those who come by the right name") {
    CHECK(status_of(admit(head("GET", "/healthz"), rules(), Entrance::loopback)) == 0);
    CHECK(status_of(admit(head("GET", "/healthz/"), rules(), Entrance::loopback)) == 401);
    auto rebound = head("GET", "/healthz");
    rebound.host = "evil.example.com";
    CHECK(status_of(admit(rebound, rules(), Entrance::loopback)) == 403);
    CHECK(status_of(admit(rebound, rules(), Entrance::local)) == 0);
}

TEST_CASE("pages in a browser") {
    auto asked = head();
    const std::string bearer = "Bearer " + key;
    asked.authorization = bearer;
    SECTION("one that is not listed") {
        for (const auto* origin :
             {"https://evil.example.com", "null", "http://127.0.0.1:4141", ""}) {
            asked.origin = origin;
            CHECK(status_of(admit(asked, rules(), Entrance::loopback)) == 403);
        }
    }
    SECTION("one that is listed") {
        asked.origin = "https://app.example.com";
        const auto admission = admit(asked, rules(), Entrance::loopback);
        CHECK(status_of(admission) == 0);
        CHECK(admission.allowed_origin == "https://app.example.com");
        const auto headers = cors_headers(admission.allowed_origin, false);
        CHECK(http::find_header(headers, "access-control-allow-origin") ==
              "https://app.example.com");
        CHECK(http::find_header(headers, "vary") == "Origin");
        CHECK(!http::find_header(headers, "access-control-allow-headers"));
    }
    SECTION("the preflight of one that is listed shows no key") {
        auto preflight = head("OPTIONS");
        preflight.origin = "https://app.example.com";
        CHECK(status_of(admit(preflight, rules(), Entrance::loopback)) == 401);
        preflight.headers = {{"Access-Control-Request-Method", "POST"}};
        const auto admission = admit(preflight, rules(), Entrance::loopback);
        CHECK(admission.preflight);
        CHECK(!admission.refused);
        preflight.origin = "https://evil.example.com";
        CHECK(status_of(admit(preflight, rules(), Entrance::loopback)) == 403);
    }
}

TEST_CASE("a WebSocket is refused at once, with or without a key") {
    auto asked = head("GET");
    asked.upgrade = "WebSocket";
    const auto admission = admit(asked, rules(), Entrance::loopback);
    CHECK(status_of(admission) == 426);
    asked.upgrade = "h2c";
    CHECK(status_of(admit(asked, rules(), Entrance::loopback)) == 401);
}

}  // namespace handover::gateway
