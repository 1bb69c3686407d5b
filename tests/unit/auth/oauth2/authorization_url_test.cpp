#include "auth/oauth2/authorization_url.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace handover::auth::oauth2;

namespace {

AuthorizationRequest example() {
    return {.authorization_endpoint = "https://auth.example/authorize",
            .client_id = "a client",
            .redirect_uri = "http://localhost:1455/auth/callback",
            .scopes = {"openid", "offline_access"},
            .state = "st",
            .code_challenge = "ch",
            .nonce = "no",
            .authorize_params = {{"prompt", "login"}, {"audience", "https://api.example/v1"}}};
}

constexpr std::string_view query =
    "response_type=code&client_id=a%20client&redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fauth%"
    "2Fcallback"
    "&scope=openid%20offline_access&state=st&code_challenge=ch&code_challenge_method=S256&nonce=no"
    "&audience=https%3A%2F%2Fapi.example%2Fv1&prompt=login";

}  // namespace

TEST_CASE("authorization URL: stable order, everything encoded") {
    CHECK(authorization_url(example()).value() ==
          "https://auth.example/authorize?" + std::string(query));
}

TEST_CASE("authorization URL: no scope and no nonce where none is wanted") {
    auto request = example();
    request.scopes.clear();
    request.nonce.clear();
    request.authorize_params.clear();
    const auto url = authorization_url(request).value();
    CHECK(url.find("scope=") == std::string::npos);
    CHECK(url.find("nonce=") == std::string::npos);
}

TEST_CASE("authorization URL: the endpoint's own query is kept") {
    for (const auto* endpoint : {"https://a.example/x?tenant=1", "https://a.example/x?tenant=1&"}) {
        auto request = example();
        request.authorization_endpoint = endpoint;
        CHECK(authorization_url(request).value() ==
              "https://a.example/x?tenant=1&" + std::string(query));
    }
    auto request = example();
    request.authorization_endpoint = "https://a.example/x?";
    CHECK(authorization_url(request).value() == "https://a.example/x?" + std::string(query));
}

TEST_CASE("authorization URL: what the host owns cannot be set elsewhere") {
    for (const auto* name : {"response_type",
                             "response_mode",
                             "client_id",
                             "redirect_uri",
                             "scope",
                             "state",
                             "code_challenge",
                             "code_challenge_method",
                             "nonce",
                             "request",
                             "request_uri"}) {
        CAPTURE(name);
        auto request = example();
        request.authorize_params = {{name, "x"}};
        REQUIRE_FALSE(authorization_url(request));
        CHECK(authorization_url(request).error().code == Errc::config_invalid);
        request.authorize_params.clear();
        request.authorization_endpoint = "https://a.example/x?" + std::string(name) + "=1";
        CHECK_FALSE(authorization_url(request));
    }
    auto request = example();
    request.authorization_endpoint = "http://auth.example/authorize";
    CHECK_FALSE(authorization_url(request));
}
