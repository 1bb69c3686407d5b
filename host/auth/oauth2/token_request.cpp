#include "auth/oauth2/token_request.hpp"

#include "auth/oauth2/endpoint_url.hpp"
#include "auth/oauth2/request_body.hpp"

namespace handover::auth::oauth2 {

Result<http::Request> authorization_code_grant_request(const Method& method,
                                                       const AuthorizationResponse& response,
                                                       const CodeExchange& exchange) {
    if (auto url = check_endpoint_url(exchange.token_endpoint, "token endpoint"); !url)
        return url.failure();
    RequestBody body;
    body.add("grant_type", "authorization_code");
    body.add("code", response.code().reveal());
    body.add("redirect_uri", exchange.redirect_uri);
    body.add("client_id", method.client_id);
    body.add("code_verifier", exchange.code_verifier.reveal());
    if (auto added = body.add_token_params(method); !added) return added.failure();
    return post(exchange.token_endpoint, BodyEncoding::form, body);
}

Result<http::Request> refresh_token_grant_request(const Method& method,
                                                  const std::string& token_endpoint,
                                                  const Secret& refresh_token) {
    if (auto url = check_endpoint_url(token_endpoint, "token endpoint"); !url) return url.failure();
    RequestBody body;
    body.add("grant_type", "refresh_token");
    body.add("refresh_token", refresh_token.reveal());
    body.add("client_id", method.client_id);
    if (auto added = body.add_token_params(method); !added) return added.failure();
    return post(token_endpoint, method.refresh_encoding, body);
}

Result<http::Request> revocation_request(const Method& method,
                                         const std::string& revocation_endpoint,
                                         const Secret& token,
                                         TokenTypeHint hint) {
    if (auto url = check_endpoint_url(revocation_endpoint, "revocation endpoint"); !url)
        return url.failure();
    RequestBody body;
    body.add("token", token.reveal());
    body.add("token_type_hint",
             hint == TokenTypeHint::refresh_token ? "refresh_token" : "access_token");
    // A public client identifies itself by its id alone (RFC 7009 section 2.1, RFC 6749
    // section 3.2.1).
    body.add("client_id", method.client_id);
    return post(revocation_endpoint, method.revocation_encoding, body);
}

}  // namespace handover::auth::oauth2
