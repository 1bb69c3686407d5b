// The claims a method points at, in the token it says, and whose credential it is. Pure.
#pragma once

#include <map>
#include <string>

#include "auth/credential.hpp"
#include "auth/method.hpp"

namespace handover::auth {

struct KnownClaims {
    std::map<std::string, std::string> named = {};
    // Issuer and subject claim: two provider names with one account have one. Where the token names
    // nobody, the credential's own name stands in for the claim. Empty for keys.
    std::string subject = {};
};

KnownClaims claims_of(const Method& method, const Credential& credential);

// Tokens that name somebody else than the tokens of the same kind before them. A token that names
// nobody is nobody else's.
bool another_account(const Method& method, const Credential& before, const Credential& after);

}  // namespace handover::auth
