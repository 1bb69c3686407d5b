#include "sandbox/grants.hpp"

#include <catch2/catch.hpp>

using namespace handover::sandbox;
using handover::Time;
using std::chrono::seconds;

namespace {

// RFC 7636 appendix B.
constexpr auto* verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr auto* challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
constexpr auto* redirect = "http://localhost:1455/callback";
const Time start{seconds(1'000'000)};

Grants make() {
    return Grants([n = 0]() mutable { return std::to_string(++n); });
}

Grant grant() {
    return {.client_id = "client",
            .subject = "me",
            .redirect_uri = redirect,
            .code_challenge = challenge};
}

std::string refresh_token(Grants& grants) {
    return grants.issue_refresh_token(grant(), grants.start_family());
}

Rotated rotated(Grants& grants, const std::string& token) {
    auto answer = grants.refresh(token, "client", Grants::Rotation::rotate);
    REQUIRE(std::holds_alternative<Rotated>(answer));
    return std::get<Rotated>(std::move(answer));
}

Refusal refused(Grants& grants, const std::string& token, const char* client = "client") {
    const auto answer = grants.refresh(token, client, Grants::Rotation::rotate);
    REQUIRE(std::holds_alternative<Refusal>(answer));
    return std::get<Refusal>(answer);
}

}  // namespace

TEST_CASE("PKCE, RFC 7636 appendix B") {
    CHECK(code_challenge_s256(verifier) == challenge);
}

TEST_CASE("a code is good once, for its client, redirect URI and verifier, within a minute") {
    struct Case {
        const char* name;
        const char* client;
        const char* redirect_uri;
        const char* verifier;
        seconds later;
        bool good;
    };
    const Case cases[] = {
        {"all right", "client", redirect, verifier, seconds(0), true},
        {"the last second", "client", redirect, verifier, seconds(59), true},
        {"a minute on", "client", redirect, verifier, seconds(60), false},
        {"another client", "other", redirect, verifier, seconds(0), false},
        {"another redirect URI",
         "client",
         "http://localhost:1457/callback",
         verifier,
         seconds(0),
         false},
        {"another verifier", "client", redirect, "x", seconds(0), false},
        {"no verifier", "client", redirect, "", seconds(0), false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            auto grants = make();
            const auto code = grants.issue_code(grant(), start);
            const auto answer =
                grants.redeem_code(code, c.client, c.redirect_uri, c.verifier, start + c.later);
            CHECK(std::holds_alternative<Redeemed>(answer) == c.good);
        }
    }
}

TEST_CASE("a code used twice takes its tokens with it") {
    auto grants = make();
    const auto code = grants.issue_code(grant(), start);
    const auto first =
        std::get<Redeemed>(grants.redeem_code(code, "client", redirect, verifier, start));
    const auto token = grants.issue_refresh_token(first.grant, first.family);
    CHECK(std::get<Refusal>(grants.redeem_code(code, "client", redirect, verifier, start)) ==
          Refusal::reused);
    CHECK(refused(grants, token) == Refusal::revoked);
}

TEST_CASE("refresh tokens rotate, and reuse ends the whole family") {
    auto grants = make();
    const auto first = refresh_token(grants);
    const auto other_family = refresh_token(grants);
    const auto second = rotated(grants, first).refresh_token;
    const auto third = rotated(grants, second).refresh_token;
    CHECK(first != second);
    CHECK(refused(grants, first) == Refusal::reused);
    CHECK(refused(grants, third) == Refusal::reused);
    CHECK(rotated(grants, other_family).grant == grant());
}

TEST_CASE("refusals that end nothing") {
    auto grants = make();
    const auto token = refresh_token(grants);
    CHECK(refused(grants, token, "other") == Refusal::invalid_client);
    CHECK(refused(grants, "sandbox-rt-unknown") == Refusal::invalid_grant);
    CHECK(refused(grants, "") == Refusal::invalid_grant);
    rotated(grants, token);
}

TEST_CASE("without rotation the same token comes back") {
    auto grants = make();
    const auto token = refresh_token(grants);
    for (int i = 0; i < 3; ++i) {
        const auto answer = grants.refresh(token, "client", Grants::Rotation::keep);
        CHECK(std::get<Rotated>(answer).refresh_token == token);
    }
}

TEST_CASE("access tokens live to their second, and end when revoked") {
    auto grants = make();
    const auto family = grants.start_family();
    const auto refresh = grants.issue_refresh_token(grant(), family);
    grants.remember_access_token("a", family, start + seconds(10));
    grants.remember_access_token("b", family, start + seconds(10));
    grants.remember_access_token("other", grants.start_family(), start + seconds(10));
    CHECK(grants.access_token_is_valid("a", start + seconds(9)));
    CHECK_FALSE(grants.access_token_is_valid("a", start + seconds(10)));
    CHECK_FALSE(grants.access_token_is_valid("unknown", start));

    grants.revoke("b");
    CHECK_FALSE(grants.access_token_is_valid("b", start));
    CHECK(grants.access_token_is_valid("a", start));
    grants.revoke("unknown");
    grants.revoke(refresh);
    CHECK_FALSE(grants.access_token_is_valid("a", start));
    CHECK(grants.access_token_is_valid("other", start));
    CHECK(refused(grants, refresh) == Refusal::revoked);
}

TEST_CASE("loopback redirect URIs") {
    for (const auto* good : {"http://localhost:1455/auth/callback",
                             "http://127.0.0.1:0/x",
                             "http://[::1]:9/x?y=1",
                             "http://localhost/x"}) {
        CAPTURE(good);
        CHECK(is_loopback_redirect(good));
    }
    for (const auto* bad : {"https://localhost/x",
                            "http://localhost.example/x",
                            "http://127.0.0.2/x",
                            "http://localhost@evil.example/x",
                            "http://user@localhost/x",
                            "http://localhost/x#f",
                            "javascript:alert(1)",
                            "/x",
                            ""}) {
        CAPTURE(bad);
        CHECK_FALSE(is_loopback_redirect(bad));
    }
}
