#include "auth/oauth2/device_authorization.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::oauth2;
using namespace std::chrono_literals;

namespace {

const auto now = Time(1'800'000'000s);
const std::string endpoint = "https://auth.example/device";

http::Outcome answered(int status, std::string body, std::vector<http::Header> headers = {}) {
    return {.delivery = http::Delivery::answered,
            .response = {.status = status, .headers = std::move(headers), .body = std::move(body)},
            .error = {}};
}

http::Outcome lost(http::Delivery delivery) {
    return {.delivery = delivery, .response = {}, .error = {.message = "no route"}};
}

Method method_with(DeviceFlow flow) {
    Method method;
    method.id = "login";
    method.kind = Kind::oauth2;
    method.issuer = "https://auth.example";
    method.client_id = "app";
    method.scopes = {"openid", "offline_access"};
    method.device_flow = flow;
    return method;
}

DeviceAuthorization a_device() {
    return {.device_code = Secret("sandbox-device"),
            .user_code = "WDJB-MJHT",
            .verification_uri = "https://auth.example/device",
            .verification_uri_complete = {},
            .expires_in = 900s,
            .interval = 5s};
}

}  // namespace

TEST_CASE("device requests, by flow") {
    const auto rfc = method_with(DeviceFlow::rfc8628);
    const auto asked = device_authorization_request(rfc, endpoint).value();
    CHECK(asked.method == "POST");
    CHECK(asked.secret_body.reveal() == "client_id=app&scope=openid+offline_access");
    // RFC 8628 section 3.4
    const auto polled = device_token_request(rfc, endpoint, a_device()).value();
    CHECK(polled.secret_body.reveal() ==
          "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
          "&device_code=sandbox-device&client_id=app");
    CHECK(http::find_header(polled.headers, "content-type") == "application/x-www-form-urlencoded");

    const auto codex = method_with(DeviceFlow::codex);
    CHECK(device_authorization_request(codex, endpoint)->secret_body.reveal() ==
          R"({"client_id":"app"})");
    const auto json = device_token_request(codex, endpoint, a_device()).value();
    CHECK(json.secret_body.reveal() ==
          R"({"device_auth_id":"sandbox-device","user_code":"WDJB-MJHT"})");
    CHECK(http::find_header(json.headers, "content-type") == "application/json");
    const auto exchange =
        device_code_exchange_request(codex, endpoint, {Secret("sandbox-code"), Secret("verifier")})
            .value();
    CHECK(exchange.secret_body.reveal() ==
          "grant_type=authorization_code&code=sandbox-code"
          "&redirect_uri=https%3A%2F%2Fauth.example%2Fdeviceauth%2Fcallback"
          "&client_id=app&code_verifier=verifier");

    CHECK_FALSE(device_authorization_request(rfc, "http://auth.example/device"));
    CHECK_FALSE(device_token_request(rfc, "http://auth.example/device", a_device()));
    CHECK_FALSE(device_code_exchange_request(codex, "http://auth.example/", {}));
    auto bad = rfc;
    bad.token_params = {{"device_code", "x"}};
    CHECK_FALSE(device_token_request(bad, endpoint, a_device()));
}

TEST_CASE("device authorization: the example of RFC 8628 section 3.2") {
    const auto device = judge_device_authorization(DeviceFlow::rfc8628,
                                                   answered(200, R"({
        "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
        "user_code": "WDJB-MJHT",
        "verification_uri": "https://example.com/device",
        "verification_uri_complete": "https://example.com/device?user_code=WDJB-MJHT",
        "expires_in": 1800,
        "interval": 5
    })"),
                                                   "");
    REQUIRE(device);
    CHECK(device->device_code.reveal() == "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS");
    CHECK(device->user_code == "WDJB-MJHT");
    CHECK(device->verification_uri == "https://example.com/device");
    CHECK(device->verification_uri_complete == "https://example.com/device?user_code=WDJB-MJHT");
    CHECK(device->expires_in == 1800s);
    CHECK(device->interval == 5s);
}

TEST_CASE("device authorization: interval and lifetime") {
    struct Case {
        const char* name;
        const char* members;
        std::chrono::seconds interval;
        std::chrono::seconds expires_in;
    };
    const Case cases[] = {
        {"absent", "", 5s, 900s},
        {"numbers", R"(,"interval":1,"expires_in":60)", 1s, 60s},
        {"texts", R"(,"interval":"7","expires_in":"60")", 7s, 60s},
        {"fractions are rounded up", R"(,"interval":1.2,"expires_in":59.1)", 2s, 60s},
        {"zero says nothing", R"(,"interval":0,"expires_in":0)", 5s, 900s},
        {"negative", R"(,"interval":-1,"expires_in":-1)", 5s, 900s},
        {"not a number", R"(,"interval":"5 s","expires_in":[])", 5s, 900s},
        {"null", R"(,"interval":null,"expires_in":null)", 5s, 900s},
        {"huge", R"(,"interval":1e300,"expires_in":1e300)", 3600s, 86400s},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto body =
                std::string(R"({"device_code":"d","user_code":"u","device_auth_id":"d",)") +
                R"("verification_uri":"https://a.example/d")" + c.members + "}";
            const auto rfc =
                judge_device_authorization(DeviceFlow::rfc8628, answered(200, body), "");
            REQUIRE(rfc);
            CHECK(rfc->interval == c.interval);
            CHECK(rfc->expires_in == c.expires_in);
            const auto codex = judge_device_authorization(
                DeviceFlow::codex, answered(200, body), "https://b.example/d");
            REQUIRE(codex);
            CHECK(codex->interval == c.interval);
            CHECK(codex->expires_in == 900s);
            CHECK(codex->verification_uri == "https://b.example/d");
        }
    }
}

TEST_CASE("device authorization: what is no answer") {
    struct Case {
        const char* name;
        DeviceFlow flow;
        http::Outcome outcome;
        Errc code;
        const char* says;
    };
    const auto rfc = DeviceFlow::rfc8628;
    const auto codex = DeviceFlow::codex;
    const auto failed = Errc::auth_token_exchange_failed;
    const Case cases[] = {
        {"unreachable", rfc, lost(http::Delivery::not_sent), failed, "no route"},
        {"not found", codex, answered(404, "<h1>no</h1>"), Errc::auth_method_unsupported, "404"},
        {"not for this client",
         rfc,
         answered(400, R"({"error":"unauthorized_client"})"),
         Errc::auth_method_unsupported,
         "unauthorized_client"},
        {"another error",
         rfc,
         answered(400, R"({"error":"invalid_scope"})"),
         failed,
         "invalid_scope"},
        {"an error with 200", rfc, answered(200, R"({"error":"invalid_scope"})"), failed, "scope"},
        {"not JSON", rfc, answered(200, "{"), failed, "JSON"},
        {"no device code", codex, answered(200, R"({"user_code":"u"})"), failed, "device code"},
        {"no user code", codex, answered(200, R"({"device_auth_id":"d"})"), failed, "user code"},
        {"a user code for another terminal",
         codex,
         answered(200, "{\"device_auth_id\":\"d\",\"user_code\":\"\\u001b[2J\"}"),
         failed,
         "user code"},
        {"a page in the clear",
         rfc,
         answered(200,
                  R"({"device_code":"d","user_code":"u","verification_uri":"http://a.example/"})"),
         failed,
         "verification_uri"},
        {"no page",
         rfc,
         answered(200, R"({"device_code":"d","user_code":"u"})"),
         failed,
         "verification_uri"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto device =
                judge_device_authorization(c.flow, c.outcome, "https://b.example/d");
            REQUIRE_FALSE(device);
            CHECK(device.error().code == c.code);
            CHECK_THAT(device.error().message + device.error().reason, Catch::Contains(c.says));
        }
    }
    // An address with the code in it that may not be shown is left out.
    const auto device = judge_device_authorization(
        rfc,
        answered(200,
                 R"({"device_code":"d","user_code":"u","verification_uri":"https://a.example/",)"
                 R"("verification_uri_complete":"http://evil.example/"})"),
        "");
    REQUIRE(device);
    CHECK(device->verification_uri_complete.empty());
}

TEST_CASE("device polls") {
    struct Case {
        const char* name;
        DeviceFlow flow;
        http::Outcome outcome;
        PollAnswer answer;
        Errc code;  // where refused
    };
    const auto rfc = DeviceFlow::rfc8628;
    const auto codex = DeviceFlow::codex;
    const auto failed = Errc::auth_token_exchange_failed;
    const auto error = [](const char* code) {
        return answered(400, std::string(R"({"error":")") + code + "\"}");
    };
    const auto tokens = R"({"access_token":"sandbox-a","token_type":"Bearer"})";
    const auto code =
        R"({"authorization_code":"sandbox-c","code_challenge":"x","code_verifier":"v"})";
    const Case cases[] = {
        {"pending", rfc, error("authorization_pending"), PollAnswer::pending, {}},
        {"slow down", rfc, error("slow_down"), PollAnswer::slow_down, {}},
        {"slow down with 429",
         rfc,
         answered(429, R"({"error":"slow_down"})"),
         PollAnswer::slow_down,
         {}},
        {"expired", rfc, error("expired_token"), PollAnswer::refused, Errc::auth_timeout},
        {"denied", rfc, error("access_denied"), PollAnswer::refused, Errc::auth_denied},
        {"spent", rfc, error("invalid_grant"), PollAnswer::refused, failed},
        {"gone", rfc, answered(404, "no"), PollAnswer::refused, failed},
        {"tokens", rfc, answered(200, tokens), PollAnswer::granted, {}},
        {"no tokens", rfc, answered(200, "{}"), PollAnswer::refused, failed},
        {"busy", rfc, answered(429, ""), PollAnswer::no_answer, {}},
        {"down", rfc, answered(503, "<h1>down</h1>"), PollAnswer::no_answer, {}},
        {"not sent", rfc, lost(http::Delivery::not_sent), PollAnswer::no_answer, {}},
        {"lost", rfc, lost(http::Delivery::unknown), PollAnswer::no_answer, {}},
        {"codex: pending", codex, answered(403, "Not yet."), PollAnswer::pending, {}},
        {"codex: pending too", codex, answered(404, "{}"), PollAnswer::pending, {}},
        {"codex: a code", codex, answered(200, code), PollAnswer::granted, {}},
        {"codex: a code, created", codex, answered(201, code), PollAnswer::granted, {}},
        {"codex: half a pair",
         codex,
         answered(200, R"({"authorization_code":"c"})"),
         PollAnswer::refused,
         failed},
        {"codex: no JSON", codex, answered(200, "{"), PollAnswer::refused, failed},
        {"codex: denied", codex, error("access_denied"), PollAnswer::refused, Errc::auth_denied},
        {"codex: other", codex, answered(400, ""), PollAnswer::refused, failed},
        {"codex: down", codex, answered(500, ""), PollAnswer::no_answer, {}},
        {"codex: lost", codex, lost(http::Delivery::unknown), PollAnswer::no_answer, {}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto poll = judge_device_poll(c.flow, c.outcome, now);
            CHECK(poll.answer == c.answer);
            if (c.answer == PollAnswer::refused) CHECK(poll.error.code == c.code);
        }
    }
    CHECK(judge_device_poll(rfc, answered(200, tokens), now).tokens.access_token.reveal() ==
          "sandbox-a");
    const auto pair = judge_device_poll(codex, answered(200, code), now).code;
    CHECK(pair.authorization_code.reveal() == "sandbox-c");
    CHECK(pair.code_verifier.reveal() == "v");
    CHECK(judge_device_poll(rfc, answered(503, "", {{"Retry-After", "30"}}), now).retry_after ==
          30s);
}

TEST_CASE("the pace of polling") {
    const auto poll = [](PollAnswer answer, std::optional<Milliseconds> retry_after = {}) {
        DevicePoll made;
        made.answer = answer;
        made.retry_after = retry_after;
        return made;
    };
    const auto first = first_pace(a_device());
    CHECK(first == PollPace{.interval = 5s, .pause = 5s});
    CHECK(next_pace(first, poll(PollAnswer::pending)) == first);

    // Section 3.5: five more seconds, for this and all later requests.
    auto slow = next_pace(first, poll(PollAnswer::slow_down));
    CHECK(slow == PollPace{.interval = 10s, .pause = 10s});
    CHECK(next_pace(slow, poll(PollAnswer::pending)) == slow);
    slow = next_pace(slow, poll(PollAnswer::slow_down, 40s));
    CHECK(slow == PollPace{.interval = 15s, .pause = 40s});
    CHECK(next_pace(slow, poll(PollAnswer::pending)).pause == 15s);

    // Doubled while nobody answers, up to a minute; the interval comes back with the first answer.
    auto pace = first;
    for (const auto expected : {10s, 20s, 40s, 60s, 60s}) {
        pace = next_pace(pace, poll(PollAnswer::no_answer));
        CHECK(pace == PollPace{.interval = 5s, .pause = expected});
    }
    CHECK(next_pace(pace, poll(PollAnswer::no_answer, 120s)).pause == 120s);
    CHECK(next_pace(pace, poll(PollAnswer::pending)) == first);
    // A server that wants more than a minute gets it.
    const PollPace patient = {.interval = 90s, .pause = 90s};
    CHECK(next_pace(patient, poll(PollAnswer::no_answer)) == patient);
}
