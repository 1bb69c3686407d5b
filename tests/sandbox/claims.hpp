// The claims of the tokens that the sandbox issues, as JSON text.
#pragma once

#include <cstdint>
#include <string>

#include "sandbox/grants.hpp"

namespace handover::sandbox {

struct Claims {
    std::string issuer = {};
    std::string audience = {};
    std::int64_t issued_at = 0;   // Unix seconds
    std::int64_t expires_at = 0;  // Unix seconds
    std::string id = {};          // jti
};

// OpenID Connect Core section 2, with the claims that codex reads beside the standard ones.
std::string id_token_claims(const Claims& claims, const Grant& grant);

// RFC 9068 section 2.2, likewise.
std::string access_token_claims(const Claims& claims, const Grant& grant);

}  // namespace handover::sandbox
