// Talking to the authorization server outside a login: where its endpoints are when a credential
// does not say, and revocation.
#pragma once

#include <handover/result.hpp>

#include <stop_token>
#include <string>

#include "auth/credential.hpp"
#include "auth/endpoints.hpp"
#include "auth/method.hpp"

namespace handover::auth {

// Where the refresh token of this credential goes: the endpoint it was issued by; for an older file
// the method's declared one, else the issuer's metadata. AUTH_REFRESH_UNAVAILABLE where none of
// them can be had now.
Result<std::string> token_endpoint_for(const Method& method,
                                       const Credential& credential,
                                       const DiscoveryServices& services);

// Revokes the refresh token, or the access token where there is none (RFC 7009), within 10 s. Best
// effort: says by its error why it did not work. The endpoint must stand on the origin of the
// recorded issuer or token endpoint, or come from that issuer's metadata: a manifest that names
// another gets no token.
Result<void> revoke_tokens(const Method& method,
                           const Credential& credential,
                           const DiscoveryServices& services,
                           const std::stop_token& stop);

}  // namespace handover::auth
