#include "auth/binding.hpp"

#include <algorithm>

#include "auth/oauth2/endpoint_url.hpp"

namespace handover::auth {
namespace {

bool differs(const std::string& recorded, const std::string& effective) {
    return !recorded.empty() && recorded != effective;
}

bool token_endpoint_differs(const Credential& credential, const Method& method) {
    const auto& declared = method.endpoints.token_endpoint;
    if (credential.token_endpoint.empty() || !declared || *declared == credential.token_endpoint)
        return false;
    switch (method.discovery) {
        case Discovery::never:
            return true;
        // Discovery comes first: what it found is what was recorded, and what a refresh is sent to.
        case Discovery::first:
            return false;
        // The declared ones were gone once: the metadata of the same server named another path.
        case Discovery::fallback:
            return oauth2::origin_of(*declared) != oauth2::origin_of(credential.token_endpoint);
    }
    return true;
}

// Where a token of a loopback authority may go, and where any other may not.
std::optional<Mismatch> loopback_mismatch(const Credential& credential,
                                          const Method& method,
                                          const std::vector<std::string>& origins) {
    const auto& issuer = credential.issuer.empty() ? method.issuer : credential.issuer;
    if (method.kind != Kind::oauth2 || issuer.empty()) return std::nullopt;
    const bool local = oauth2::is_loopback_url(issuer);
    for (const auto& origin : origins) {
        if (oauth2::is_loopback_url(origin) == local) continue;
        return Mismatch{.key = "base_url",
                        .was = local ? "a loopback address, like its issuer"
                                     : "not a loopback address, like its issuer",
                        .now = origin};
    }
    return std::nullopt;
}

}  // namespace

std::optional<Mismatch> mismatch(const Credential& credential,
                                 const Method& method,
                                 const std::vector<std::string>& origins) {
    if (differs(credential.issuer, method.issuer)) {
        return Mismatch{.key = "issuer", .was = credential.issuer, .now = method.issuer};
    }
    if (token_endpoint_differs(credential, method)) {
        return Mismatch{.key = "token_endpoint",
                        .was = credential.token_endpoint,
                        .now = method.endpoints.token_endpoint.value_or("")};
    }
    if (differs(credential.client_id, method.client_id)) {
        return Mismatch{.key = "client_id", .was = credential.client_id, .now = method.client_id};
    }
    for (const auto& origin : origins) {
        const auto& allowed = credential.origins;
        if (allowed.empty() || std::find(allowed.begin(), allowed.end(), origin) != allowed.end())
            continue;
        return Mismatch{.key = "base_url", .was = allowed.front(), .now = origin};
    }
    return loopback_mismatch(credential, method, origins);
}

std::string describe(const Mismatch& mismatch) {
    return mismatch.key + " was " + mismatch.was + ", is " +
           (mismatch.now.empty() ? "unset" : mismatch.now) + " now";
}

void bind(Credential& credential, const Method& method, const std::vector<std::string>& origins) {
    if (credential.origins.empty()) credential.origins = origins;
    if (method.kind != Kind::oauth2) return;
    if (credential.issuer.empty()) credential.issuer = method.issuer;
    if (credential.client_id.empty()) credential.client_id = method.client_id;
    if (credential.token_endpoint.empty()) {
        credential.token_endpoint = method.endpoints.token_endpoint.value_or("");
    }
}

}  // namespace handover::auth
