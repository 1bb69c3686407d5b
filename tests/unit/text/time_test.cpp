#include "text/time.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace handover::text;
using namespace std::chrono_literals;

TEST_CASE("RFC 3339") {
    const auto time = parse_rfc3339("2026-11-22T17:00:00Z");
    REQUIRE(time);
    CHECK(time->time_since_epoch() == 1795366800s);
    CHECK(format_rfc3339(*time) == "2026-11-22T17:00:00Z");
    CHECK(parse_rfc3339("2026-11-22T18:00:00+01:00") == time);
    CHECK(parse_rfc3339("2026-11-22t17:00:00.25z") == Time(*time + 250ms));
    CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == Time());
    // Out of the clock's range, and inside it at both ends.
    CHECK(format_rfc3339(*parse_rfc3339("9999-12-31T23:59:59Z")) == "2250-01-01T00:00:00Z");
    CHECK(format_rfc3339(*parse_rfc3339("2250-01-01T00:00:01Z")) == "2250-01-01T00:00:00Z");
    CHECK(format_rfc3339(*parse_rfc3339("2249-12-31T23:59:59Z")) == "2249-12-31T23:59:59Z");
    CHECK(*parse_rfc3339("0000-01-01T00:00:00+23:59") == Time());
    CHECK(*parse_rfc3339("1969-12-31T23:59:59Z") == Time());
    for (const auto* bad : {"",
                            "2026",
                            "2026-13-01T00:00:00Z",
                            "2026-02-30T00:00:00Z",
                            "2026-11-22T24:00:00Z",
                            "2026-11-22T17:00:00",
                            "2026-11-22T17:00:00Zx",
                            "2026-11-22T17:00:00.Z",
                            "2026-11-22T17:00:00+1:00",
                            "20261122T170000Z"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_rfc3339(bad));
    }
}

TEST_CASE("durations") {
    CHECK(parse_duration("0") == 0ms);
    CHECK(parse_duration("90") == 90s);
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("5m") == 5min);
    CHECK(parse_duration("2h") == 2h);
    CHECK(parse_duration("1d") == 24h);
    CHECK(parse_duration("3650d") == 24h * 3650);
    for (const auto* bad :
         {"", "s", "-1s", "1.5s", "1 s", "1w", "3651d", "99999999999999999999s", "1s "}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_duration(bad));
    }
    CHECK(describe_duration(59s) == "59 s");
    CHECK(describe_duration(60s) == "1 min");
    CHECK(describe_duration(3h + 5min) == "3 h 5 min");
    CHECK(describe_duration(24h * 9 + 2h) == "9 d 2 h");
}
