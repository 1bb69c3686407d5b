#include "failures/retry_time.hpp"

#include <catch2/catch.hpp>

using namespace handover::failures;
using handover::sdk::Failure;

TEST_CASE("durations as services spell them") {
    struct Case {
        const char* text;
        std::optional<double> seconds;
    };
    const Case cases[] = {{"20ms", 0.02},
                          {"1s", 1},
                          {"1.5s.", 1.5},
                          {"6m0s", 360},
                          {"1h2m3s", 3723},
                          {"28 seconds", 28},
                          {"2 MINUTES", 120},
                          {"1d", 86400},
                          {"5", std::nullopt},
                          {"", std::nullopt},
                          {"soon", std::nullopt},
                          {"3 bananas", std::nullopt},
                          {".s", std::nullopt}};
    for (const auto& c : cases) {
        DYNAMIC_SECTION("\"" << c.text << "\"") {
            const auto got = leading_duration(c.text);
            REQUIRE(got.has_value() == c.seconds.has_value());
            if (got) CHECK(*got == Approx(*c.seconds));
        }
    }
}

TEST_CASE("HTTP dates") {
    // RFC 9110 section 5.6.7.
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
    CHECK(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
    for (const auto* bad : {"",
                            "Sun, 06 Nov 1994 08:49:37 UTC",
                            "Sun, 31 Feb 1994 08:49:37 GMT",
                            "Sun, 06 Nov 1994 24:00:00 GMT",
                            "Sun, 06 nov 1994 08:49:37 GMT",
                            "Sunday, 06-Nov-94 08:49:37 GMT",
                            "Sun, 06 ovD 1994 08:49:37 GMT",
                            "Sun, 06 Nov 1994 08:49:37 GMT "}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_http_date(bad));
    }
}

TEST_CASE("when to try again") {
    using Headers = std::vector<handover::sdk::HeaderView>;
    struct Case {
        const char* name;
        Headers headers;
        const char* message;
        std::optional<std::int64_t> expected;
    };
    constexpr std::int64_t now = 784111770;
    const Case cases[] = {
        {"nobody says", {}, "Slow down.", std::nullopt},
        {"seconds", {{"Retry-After", "7"}}, "", now + 7},
        {"no wait", {{"retry-after", "0"}}, "", now},
        {"a fraction is rounded up", {{"retry-after", "1.01"}}, "", now + 2},
        {"a date", {{"retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"}}, "", now + 7},
        {"a date gone by", {{"retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"}}, "", now},
        {"milliseconds win", {{"retry-after", "60"}, {"retry-after-ms", "1500"}}, "", now + 2},
        {"damaged milliseconds do not",
         {{"retry-after", "60"}, {"retry-after-ms", "x"}},
         "",
         now + 60},
        {"negative", {{"retry-after", "-1"}}, "", std::nullopt},
        {"not finite", {{"retry-after", "inf"}}, "", std::nullopt},
        {"a year and more", {{"retry-after", "31622401"}}, "", std::nullopt},
        {"a year", {{"retry-after", "31622400"}}, "", now + 31622400},
        {"beyond every integer", {{"retry-after", "99999999999999999999999"}}, "", std::nullopt},
        {"the message", {}, "Please try again in 1.5s. Visit", now + 2},
        {"the message in another spelling", {}, "Try Again In 28 seconds", now + 28},
        {"the header before the message", {{"retry-after", "3"}}, "try again in 9s", now + 3},
        {"a damaged header, then the message", {{"retry-after", "x"}}, "try again in 9s", now + 9},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const Failure failure{.status = 429, .headers = c.headers, .now = now};
            CHECK(retry_time(failure, c.message) == c.expected);
        }
    }
}
