#include "auth/oauth2/pkce.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace handover;
using namespace handover::auth::oauth2;

// RFC 7636 appendix B
TEST_CASE("PKCE: the published vector") {
    constexpr std::array<unsigned char, 32> octets = {
        116, 24,  223, 180, 151, 153, 224, 37,  79, 250, 96, 125, 216, 173, 187, 186,
        22,  212, 37,  77,  105, 214, 191, 240, 91, 88,  5,  88,  83,  132, 141, 121};
    const std::string random(octets.begin(), octets.end());
    const auto pkce = make_pkce(random);
    REQUIRE(pkce);
    CHECK(pkce->code_verifier.reveal() == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    CHECK(pkce->code_challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    CHECK(code_challenge_s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") ==
          pkce->code_challenge);
}

TEST_CASE("PKCE: exactly 32 octets") {
    CHECK_FALSE(make_pkce(std::string(31, 'x')));
    CHECK(make_pkce(std::string(32, 'x')));
    CHECK_FALSE(make_pkce(std::string(33, 'x')));
}
