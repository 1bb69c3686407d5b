#include "text/http_time.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using handover::Milliseconds;
using handover::Time;
using handover::text::parse_http_date;
using handover::text::parse_milliseconds;
using handover::text::parse_retry_after;

namespace {

const Time example(784111777s);  // RFC 9110's own: Sun, 06 Nov 1994 08:49:37 GMT

}  // namespace

TEST_CASE("HTTP dates") {
    const Time now(1795372800s);  // 2026
    // RFC 9110 section 5.6.7
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now) == example);
    CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now) == example);
    CHECK(parse_http_date("Sun Nov  6 08:49:37 1994", now) == example);
    CHECK(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT", now) == Time());
    CHECK(parse_http_date("Mon, 31 Dec 2250 23:59:60 GMT", now));  // a leap second
    // Two digits: at most 50 years ahead.
    CHECK(parse_http_date("Sunday, 06-Nov-76 08:49:37 GMT", now) > now);
    CHECK(parse_http_date("Sunday, 06-Nov-77 08:49:37 GMT", now) < now);
    for (const auto* bad : {"",
                            "Sun, 06 Nov 1994 08:49:37",
                            "Sun, 06 Nov 1994 08:49:37 CET",
                            "Sun, 31 Feb 2026 00:00:00 GMT",
                            "Sun, 32 Nov 1994 08:49:37 GMT",
                            "Sun, 06 Nov 1994 24:00:00 GMT",
                            "Sun, 06 Nov 1994 08:60:00 GMT",
                            "Sun, 06 Nov 1994 08:49:61 GMT",
                            "Sun, 06 Nov 1994 8:49:37 GMT",
                            "Sun, 06 Abc 1994 08:49:37 GMT",
                            "Sun, 06 Nov 94 08:49:37",
                            "Wed, 31 Dec 1969 23:59:59 GMT",
                            "Tue, 01 Jan 2251 00:00:00 GMT",
                            "Fri, 31 Dec 9999 23:59:59 GMT",
                            "Fri, 31 Dec 99999 23:59:59 GMT",
                            "Fri, 31 Dec 99999999999 23:59:59 GMT",
                            "tomorrow"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_http_date(bad, now));
    }
}

TEST_CASE("Retry-After") {
    struct Case {
        const char* text;
        std::optional<Milliseconds> wait;
    };
    const Case cases[] = {
        {"", {}},
        {"0", 0s},
        {"120", 120s},
        {"0.25", 250ms},
        {"1.5", 1500ms},
        {"99999999999999999999", 1'000'000'000s},
        {"-1", {}},
        {"+1", {}},
        {"1s", {}},
        {"1 ", {}},
        {"1e3", {}},
        {"nan", {}},
        {"inf", {}},
        {"soon", {}},
        {"Sun, 06 Nov 1994 08:50:37 GMT", 60s},
        {"Sunday, 06-Nov-94 08:50:37 GMT", 60s},
        {"Sun, 06 Nov 1994 08:49:37 GMT", {}},
        {"Sun, 06 Nov 1994 08:49:36 GMT", {}},
        {"Fri, 31 Dec 9999 23:59:59 GMT", {}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.text) {
            CHECK(parse_retry_after(c.text, example) == c.wait);
        }
    }
    CHECK(parse_milliseconds("1500") == 1500ms);
    CHECK(parse_milliseconds("0") == 0ms);
    CHECK_FALSE(parse_milliseconds("-1"));
    CHECK_FALSE(parse_milliseconds("soon"));
}
