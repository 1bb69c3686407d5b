// ID token validation (OpenID Connect Core 3.1.3.7), without the signature: point 6 allows that for
// a token that came straight from the token endpoint over TLS. Pure.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <string_view>

#include "auth/method.hpp"
#include "text/time.hpp"

namespace handover::auth::oauth2 {

struct ExpectedIdToken {
    std::string issuer = {};  // empty: not checked (a method with declared endpoints and no issuer)
    std::string client_id = {};
    std::string nonce = {};  // as sent; empty where none was
    Nonce nonce_mode = Nonce::require;
    Time now = {};
};

// AUTH_ID_TOKEN_INVALID, naming the claim.
Result<void> check_id_token(std::string_view id_token, const ExpectedIdToken& expected);

}  // namespace handover::auth::oauth2
