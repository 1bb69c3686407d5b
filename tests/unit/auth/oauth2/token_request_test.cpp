#include "auth/oauth2/token_request.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::oauth2;

namespace {

Method example() {
    Method method;
    method.client_id = "app";
    method.token_params = {{"resource", "https://api.example/v1"}};
    return method;
}

const Secret token("sandbox-\"r\"&x");

AuthorizationResponse response() {
    return parse_callback("/cb?code=sandbox-c%26d&state=s",
                          {.path = "/cb", .state = "s", .issuer = {}, .issuer_promised = false})
        .value();
}

constexpr auto endpoint = "https://auth.example/token";

}  // namespace

TEST_CASE("code grant: form, in a stable order, all of it secret") {
    const auto request =
        authorization_code_grant_request(example(),
                                         response(),
                                         {.token_endpoint = endpoint,
                                          .redirect_uri = "http://localhost:1/cb",
                                          .code_verifier = Secret("sandbox-verifier")});
    REQUIRE(request);
    CHECK(request->method == "POST");
    CHECK(request->url == endpoint);
    CHECK(request->body.empty());
    CHECK(http::find_header(request->headers, "content-type") ==
          "application/x-www-form-urlencoded");
    CHECK(request->secret_body.reveal() ==
          "grant_type=authorization_code&code=sandbox-c%26d&redirect_uri=http%3A%2F%2Flocalhost%"
          "3A1%2Fcb&client_id=app"
          "&code_verifier=sandbox-verifier&resource=https%3A%2F%2Fapi.example%2Fv1");
}

TEST_CASE("refresh grant in both encodings") {
    auto method = example();
    const auto form = refresh_token_grant_request(method, endpoint, token);
    REQUIRE(form);
    CHECK(form->secret_body.reveal() ==
          "grant_type=refresh_token&refresh_token=sandbox-%22r%22%26x&client_id=app&resource=https%"
          "3A%2F%2Fapi.example%2Fv1");
    method.refresh_encoding = BodyEncoding::json;
    const auto json = refresh_token_grant_request(method, endpoint, token);
    REQUIRE(json);
    CHECK(http::find_header(json->headers, "content-type") == "application/json");
    CHECK(
        json->secret_body.reveal() ==
        R"({"grant_type":"refresh_token","refresh_token":"sandbox-\"r\"&x","client_id":"app","resource":"https://api.example/v1"})");
}

TEST_CASE("revocation in both encodings, without token_params") {
    auto method = example();
    CHECK(revocation_request(method, endpoint, token, TokenTypeHint::refresh_token)
              ->secret_body.reveal() ==
          "token=sandbox-%22r%22%26x&token_type_hint=refresh_token&client_id=app");
    method.revocation_encoding = BodyEncoding::json;
    CHECK(revocation_request(method, endpoint, token, TokenTypeHint::access_token)
              ->secret_body.reveal() ==
          R"({"token":"sandbox-\"r\"&x","token_type_hint":"access_token","client_id":"app"})");
}

TEST_CASE("token requests: endpoints that may not be one, parameters of the host's") {
    CHECK_FALSE(refresh_token_grant_request(example(), "http://auth.example/token", token));
    CHECK_FALSE(refresh_token_grant_request(example(), "", token));
    CHECK_FALSE(revocation_request(
        example(), "http://auth.example/revoke", token, TokenTypeHint::access_token));
    for (const auto* name :
         {"grant_type", "code", "redirect_uri", "client_id", "code_verifier", "refresh_token"}) {
        CAPTURE(name);
        auto method = example();
        method.token_params = {{name, "x"}};
        const auto request = refresh_token_grant_request(method, endpoint, token);
        REQUIRE_FALSE(request);
        CHECK(request.error().code == Errc::config_invalid);
    }
}
