#include "gateway/certificate_reminder.hpp"

#include <catch2/catch.hpp>

using handover::gateway::CertificateReminder;
using handover::tls::Validity;

namespace {

constexpr std::time_t day = 24L * 3600;
constexpr std::time_t end = 1'800'000'000;
constexpr Validity quarter = {.from = end - 90 * day, .until = end};

}  // namespace

TEST_CASE("a certificate that ends soon is said when it is taken, and once a day") {
    CertificateReminder reminder;
    const auto said = reminder.take(quarter, end - 21 * day);
    REQUIRE(said);
    CHECK(said->find("expires in 21 d") != std::string::npos);
    CHECK_FALSE(reminder.look(end - 21 * day + 1));
    CHECK_FALSE(reminder.look(end - 20 * day - 1));
    CHECK(reminder.look(end - 20 * day));
    CHECK_FALSE(reminder.look(end - 20 * day + 1));
    // Taken again by a reload: said again.
    CHECK(reminder.take(quarter, end - 20 * day + 2));
    CHECK_FALSE(reminder.look(end - 20 * day + 3));
    const auto over = reminder.look(end + day);
    REQUIRE(over);
    CHECK(over->find("has expired") != std::string::npos);
}

TEST_CASE("a certificate that has time is said when that is over") {
    CertificateReminder reminder;
    CHECK_FALSE(reminder.take(quarter, end - 21 * day - 1));
    CHECK_FALSE(reminder.look(end - 21 * day - 1));
    CHECK(reminder.look(end - 21 * day));
    // Renewed.
    CHECK_FALSE(reminder.take(Validity{.from = end - 21 * day, .until = end + 60 * day}, end));
    CHECK_FALSE(reminder.look(end + day));
}

TEST_CASE("without a certificate nothing is said") {
    CertificateReminder reminder;
    CHECK_FALSE(reminder.take(std::nullopt, end));
    CHECK_FALSE(reminder.look(end + day));
}
