// Proof Key for Code Exchange (RFC 7636), S256 only. Pure: randomness comes in.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <string_view>

#include "secret/secret.hpp"

namespace handover::auth::oauth2 {

// Section 4.1 recommends 32 octets: 43 characters once encoded.
inline constexpr std::size_t verifier_octets = 32;

struct Pkce {
    Secret code_verifier = {};
    std::string code_challenge = {};
};

// `random`: verifier_octets from the kernel. INTERNAL for another size, or where SHA-256 cannot be
// had.
Result<Pkce> make_pkce(std::string_view random);

// Section 4.2: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))).
std::string code_challenge_s256(std::string_view code_verifier);

}  // namespace handover::auth::oauth2
