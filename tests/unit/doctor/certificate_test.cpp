#include "doctor/certificate.hpp"

#include <catch2/catch.hpp>

using handover::doctor::judge_certificate;
using handover::doctor::State;

TEST_CASE("the gateway's certificate") {
    constexpr std::time_t day = 24L * 3600;
    constexpr std::time_t end = 1'800'000'000;
    const auto judge = [](std::time_t now) {
        return judge_certificate("/etc/gateway.pem", {.from = end - 90 * day, .until = end}, now);
    };
    const auto fine = judge(end - 21 * day - 1);
    CHECK(fine.state == State::ok);
    CHECK(fine.measured == "/etc/gateway.pem expires in 21 d 0 h, at 2027-01-15T08:00:00Z");
    CHECK(fine.fix.empty());
    const auto late = judge(end - 21 * day);
    CHECK(late.state == State::warning);
    CHECK(late.measured == "/etc/gateway.pem expires in 21 d 0 h, at 2027-01-15T08:00:00Z");
    CHECK_FALSE(late.expected.empty());
    CHECK_FALSE(late.fix.empty());
}
