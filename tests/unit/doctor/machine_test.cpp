#include "doctor/machine.hpp"

#include <catch2/catch.hpp>

namespace handover::doctor {
namespace {

using namespace std::chrono_literals;

const Time date = *text::parse_rfc3339("2026-11-22T12:00:00Z");
const std::vector<http::Header> headers = {
    {.name = "Date", .value = "Sun, 22 Nov 2026 12:00:00 GMT"}};

}  // namespace

TEST_CASE("the clock against a server's Date") {
    struct Case {
        const char* name;
        Milliseconds sent;  // after the server's second began
        Milliseconds received;
        Milliseconds ahead;
    };
    const Case cases[] = {
        {"the same moment", 0ms, 0ms, 0ms},
        {"within the header's second", 900ms, 950ms, 0ms},
        {"at its end", 1000ms, 1100ms, 0ms},
        {"just past it", 1001ms, 1100ms, 1ms},
        {"written on a long way", -3s, 4s, 0ms},
        {"behind", -61s, -60s, -60s},
        {"ahead", 301s, 302s, 300s},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto skew = skew_of("x", headers, date + c.sent, date + c.received);
            REQUIRE(skew);
            CHECK(skew->ahead == c.ahead);
        }
    }
    CHECK(!skew_of("x", {}, date, date));
    CHECK(!skew_of("x", {{.name = "date", .value = "yesterday"}}, date, date));
}

TEST_CASE("how far off a clock may be") {
    struct Case {
        Milliseconds ahead;
        State state;
    };
    const Case cases[] = {{0ms, State::ok},
                          {60s, State::ok},
                          {-60s, State::ok},
                          {60s + 1ms, State::warning},
                          {-5min, State::warning},
                          {5min + 1ms, State::problem},
                          {-24h, State::problem}};
    for (const auto& c : cases) {
        INFO(c.ahead.count());
        CHECK(judge_skew({{.server = "x", .ahead = c.ahead}}).state == c.state);
    }
    CHECK(judge_skew({}).state == State::skipped);
    const auto two =
        judge_skew({{.server = "wrong", .ahead = 24h}, {.server = "right", .ahead = -1s}});
    CHECK(two.state == State::ok);
    CHECK_THAT(two.measured, Catch::Contains("right"));
}

TEST_CASE("variables that may hold a key") {
    struct Case {
        const char* name;
        KeyVariable variable;
        State state;
        const char* says;
    };
    const Case cases[] = {
        {"used", {.value = "sandbox-key", .wins = true}, State::ok, "set, and used"},
        {"loses",
         {.value = "sandbox-key", .reason = "an earlier source wins"},
         State::ok,
         "an earlier source wins"},
        {"empty", {.value = ""}, State::warning, "blank"},
        {"blank", {.value = " \t"}, State::warning, "blank"},
        {"blanks around it", {.value = " sandbox-key\n", .wins = true}, State::ok, "left out"},
        {"blanks in it", {.value = "sandbox key", .wins = true}, State::warning, "in its midst"},
        {"the gateway's own", {.value = "hok_sandbox"}, State::problem, "hok_"},
        {"a control character", {.value = "sandbox\x1bkey"}, State::problem, "control characters"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto finding = judge_key_variable(c.variable);
            CHECK(finding.state == c.state);
            CHECK_THAT(finding.measured, Catch::Contains(c.says));
            CHECK_THAT(finding.measured + finding.fix, !Catch::Contains("sandbox"));
            CHECK((finding.state == State::ok) == finding.fix.empty());
        }
    }
}

TEST_CASE("variables of our own that nothing reads") {
    CHECK(!judge_own_variable("HANDOVER_HOME"));
    CHECK(!judge_own_variable("PATH"));
    const auto finding = judge_own_variable("HANDOVER_HOMES");
    REQUIRE(finding);
    CHECK(finding->state == State::warning);
    CHECK_THAT(finding->measured, Catch::Contains("\"HANDOVER_HOME\""));
}

TEST_CASE("proxies, without their passwords") {
    CHECK(judge_proxy("https_proxy", "http://me:secret@proxy:3128/", false).measured ==
          "http://proxy:3128/");
    CHECK(judge_proxy("https_proxy", "me:secret@proxy:3128", false).measured == "proxy:3128");
    CHECK(judge_proxy("https_proxy", "socks5h://proxy:1080", false).measured ==
          "socks5h://proxy:1080");
    CHECK(judge_proxy("https_proxy", " http://proxy", false).state == State::problem);
    CHECK(judge_proxy("HTTP_PROXY", "http://me:secret@proxy", false).state == State::warning);
    CHECK_THAT(judge_proxy("HTTP_PROXY", "http://me:secret@proxy", false).measured,
               !Catch::Contains("secret"));
    CHECK(judge_proxy("HTTP_PROXY", "http://proxy", true).state == State::ok);
}

TEST_CASE("trusted certificates") {
    CHECK(judge_trust_roots({.file = "/a"}, {}).measured == "the file /a");
    CHECK(judge_trust_roots({.directory = "/b"}, {}).measured == "the folder /b");
    const auto none =
        judge_trust_roots({}, fail({.code = Errc::config_invalid, .message = "none"}));
    CHECK(none.state == State::problem);
    CHECK(none.code == Errc::config_invalid);
}

}  // namespace handover::doctor
