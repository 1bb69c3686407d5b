// The authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID Connect
// Core 3.1.2.1) as a URL. Pure.
#pragma once

#include <handover/result.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace handover::auth::oauth2 {

struct AuthorizationRequest {
    std::string authorization_endpoint = {};
    std::string client_id = {};
    std::string redirect_uri = {};
    std::vector<std::string> scopes = {};
    std::string state = {};
    std::string code_challenge = {};
    std::string nonce = {};                                    // empty: none is sent
    std::map<std::string, std::string> authorize_params = {};  // the method's own, after the host's
};

// True for the parameters that are the host's alone: `authorize_params` may not set them.
bool host_owns_authorize_parameter(std::string_view name);

// A query that the endpoint already has is kept, ours follows it (RFC 6749 section 3.1).
// CONFIG_INVALID for an endpoint that may not be one, or where the method or the endpoint's query
// sets a parameter of the host's.
Result<std::string> authorization_url(const AuthorizationRequest& request);

}  // namespace handover::auth::oauth2
