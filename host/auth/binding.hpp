// What a credential was issued for, against what a method says now: it goes nowhere else, whatever
// a manifest or config says later. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/credential.hpp"
#include "auth/method.hpp"

namespace handover::auth {

// The first thing that differs; nothing if the credential may be used.
struct Mismatch {
    std::string key = {};  // issuer, token_endpoint, client_id, base_url
    std::string was = {};  // as the credential remembers it
    std::string now = {};

    bool operator==(const Mismatch&) const = default;
};

// Members that the credential does not have are not compared: older files take them from the method
// at their next write. A token endpoint found by discovery may differ from a declared one; then the
// recorded one is the only one ever used.
std::optional<Mismatch> mismatch(const Credential& credential,
                                 const Method& method,
                                 const std::vector<std::string>& origins);

// "issuer was https://a, is https://b now"
std::string describe(const Mismatch& mismatch);

// Fills the members that are missing, as a login would have.
void bind(Credential& credential, const Method& method, const std::vector<std::string>& origins);

}  // namespace handover::auth
