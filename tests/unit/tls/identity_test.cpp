#include "tls/identity.hpp"

#include <catch2/catch.hpp>

#include "certificates.hpp"

namespace handover::tls {
namespace {

constexpr std::time_t now = 1'800'000'000;
constexpr long week = 7 * 24 * 60 * 60;

Result<std::shared_ptr<const Identity>> identity(std::string_view certificate,
                                                 std::string_view key,
                                                 std::time_t at = now) {
    return Identity::make({.certificate_file = "server.pem",
                           .certificate = certificate,
                           .key_file = "server.key",
                           .key = key},
                          at);
}

}  // namespace

TEST_CASE("a certificate and its key") {
    const auto own = make_certificate(now, week);
    const auto other = make_certificate(now, week);
    CHECK(identity(own.certificate, own.key));
    CHECK(identity(own.certificate + other.certificate, own.key));
    CHECK(identity("what it is for\n" + own.certificate, own.key));
    CHECK(identity(own.certificate, own.certificate + own.key));  // both in one file

    struct Case {
        const char* name;
        std::string certificate;
        std::string key;
        const char* file;
        const char* reason;
    };
    const auto cut = own.certificate.substr(0, own.certificate.size() / 2);
    const Case cases[] = {
        {"no certificate", "", own.key, "server.pem", "no certificate"},
        {"half a certificate", cut, own.key, "server.pem", "no certificate"},
        {"a key for a certificate", own.key, own.key, "server.pem", "no certificate"},
        {"no key", own.certificate, "", "server.key", "no private key"},
        {"a locked key", own.certificate, own.locked_key, "server.key", "without a passphrase"},
        {"somebody else's key", own.certificate, other.key, "server.key", "does not belong"},
        {"the chain in front",
         other.certificate + own.certificate,
         own.key,
         "server.key",
         "does not belong"}};
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto made = identity(c.certificate, c.key);
            REQUIRE(!made);
            CHECK(made.error().code == Errc::config_invalid);
            CHECK(made.error().message.find(c.file) != std::string::npos);
            CHECK(made.error().reason.find(c.reason) != std::string::npos);
            CHECK(made.error().reason.find("BEGIN") == std::string::npos);
        }
    }
}

TEST_CASE("a certificate's time") {
    const auto own = make_certificate(now, week);
    CHECK(identity(own.certificate, own.key, now + week - 1));
    const auto late = identity(own.certificate, own.key, now + week + 1);
    REQUIRE(!late);
    CHECK(late.error().reason.find("expired") != std::string::npos);
}

TEST_CASE("how long an identity holds") {
    constexpr std::time_t day = 24L * 3600;
    const auto own = make_certificate(now, 90 * day);
    const auto made = identity(own.certificate, own.key);
    REQUIRE(made);
    CHECK((*made)->validity() == Validity{.from = now - day, .until = now + 90 * day});
    SECTION("with a chain that ends later") {
        const auto above = make_certificate(now, 900 * day);
        const auto longer = identity(own.certificate + above.certificate, own.key);
        REQUIRE(longer);
        CHECK((*longer)->validity() == (*made)->validity());
    }
    SECTION("with a chain that ends earlier") {
        const auto above = make_certificate(now, 5 * day);
        const auto shorter = identity(own.certificate + above.certificate, own.key);
        REQUIRE(shorter);
        CHECK((*shorter)->validity() == Validity{.from = now - day, .until = now + 5 * day});
    }
}

TEST_CASE("whether an identity was made of the same files") {
    const auto own = make_certificate(now, week);
    const auto first = identity(own.certificate, own.key);
    REQUIRE(first);
    CHECK((*first)->same_as(**identity(own.certificate, own.key)));
    CHECK(!(*first)->same_as(**identity(own.certificate + own.certificate, own.key)));
    CHECK(!(*first)->same_as(**identity(own.certificate, own.key + "\n")));
}

}  // namespace handover::tls
