#include "tls/validity.hpp"

#include <catch2/catch.hpp>

using handover::tls::expiry_in_words;
using handover::tls::renewal_is_late_from;
using handover::tls::Validity;

namespace {

constexpr std::time_t day = 24L * 3600;
constexpr std::time_t end = 1'800'000'000;  // 2027-01-15T08:00:00Z

}  // namespace

TEST_CASE("from when on a certificate should have been renewed") {
    struct Case {
        const char* name;
        std::time_t life;
        std::time_t before_the_end;
    };
    const Case cases[] = {
        {"ten years", 3650 * day, 21 * day},
        {"a year", 365 * day, 21 * day},
        {"90 days", 90 * day, 21 * day},
        {"84 days", 84 * day, 21 * day},
        {"80 days", 80 * day, 20 * day},
        {"six days", 6 * day, day + day / 2},
        {"no time at all", 0, 0},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(end - renewal_is_late_from({.from = end - c.life, .until = end}) ==
                  c.before_the_end);
        }
    }
}

TEST_CASE("an expiry in words") {
    const Validity validity = {.from = end - 90 * day, .until = end};
    CHECK(expiry_in_words(validity, end - 12 * day - 3L * 3600) ==
          "expires in 12 d 3 h, at 2027-01-15T08:00:00Z");
    CHECK(expiry_in_words(validity, end - 1) == "expires in 1 s, at 2027-01-15T08:00:00Z");
    CHECK(expiry_in_words(validity, end) == "has expired, at 2027-01-15T08:00:00Z");
    CHECK(expiry_in_words(validity, end + day) == "has expired, at 2027-01-15T08:00:00Z");
}
