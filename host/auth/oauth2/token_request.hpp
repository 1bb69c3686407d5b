// Requests to the token and revocation endpoints, as values: nothing is sent here. Pure.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <string_view>

#include "auth/method.hpp"
#include "auth/oauth2/callback.hpp"
#include "http/message.hpp"
#include "secret/secret.hpp"

namespace handover::auth::oauth2 {

struct CodeExchange {
    std::string token_endpoint = {};
    std::string redirect_uri = {};  // byte for byte as in the authorization request
    Secret code_verifier = {};
};

// RFC 6749 section 4.1.3 with RFC 7636 section 4.5, form-encoded. CONFIG_INVALID for an endpoint
// that may not be one, or a token parameter that is the host's.
Result<http::Request> authorization_code_grant_request(const Method& method,
                                                       const AuthorizationResponse& response,
                                                       const CodeExchange& exchange);

// RFC 6749 section 6, in the method's `refresh_encoding`.
Result<http::Request> refresh_token_grant_request(const Method& method,
                                                  const std::string& token_endpoint,
                                                  const Secret& refresh_token);

enum class TokenTypeHint { access_token, refresh_token };

// RFC 7009 section 2.1, in the method's `revocation_encoding`.
Result<http::Request> revocation_request(const Method& method,
                                         const std::string& revocation_endpoint,
                                         const Secret& token,
                                         TokenTypeHint hint);

}  // namespace handover::auth::oauth2
