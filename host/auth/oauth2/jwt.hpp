// The claims of a JSON Web Token (RFC 7519), read without checking its signature: good for showing
// and for tokens that came straight from the token endpoint over TLS, never for deciding whom to
// trust. Pure.
#pragma once

#include <handover/result.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "text/time.hpp"

namespace handover::auth::oauth2 {

struct Jwt {
    std::string alg = {};      // of the header; empty: none given
    std::string payload = {};  // a JSON object
    std::optional<Time> exp = {};
    std::optional<Time> iat = {};
};

// Three non-empty base64url segments, the first two JSON objects, at most 64 KiB.
// AUTH_ID_TOKEN_INVALID otherwise; quotes nothing of the token.
Result<Jwt> decode_jwt(std::string_view token);

// The claim at a JSON pointer (RFC 6901) as text: strings, numbers and booleans; nothing for what
// is absent or has structure.
std::optional<std::string> claim(const Jwt& jwt, std::string_view pointer);

// `pointers`: name -> JSON pointer. Names whose claim is absent are left out.
std::map<std::string, std::string> claims(const Jwt& jwt,
                                          const std::map<std::string, std::string>& pointers);

// The `exp` of a token that may or may not be a JWT.
std::optional<Time> expiry_of(std::string_view token);

}  // namespace handover::auth::oauth2
