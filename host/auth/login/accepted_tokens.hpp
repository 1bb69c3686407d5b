// The last step of every login: tokens that an authority gave become a checked, stored credential.
#pragma once

#include <handover/result.hpp>

#include <string>

#include "auth/broker.hpp"
#include "auth/oauth2/token_response.hpp"

namespace handover::auth::login {

// `openid` is among the method's scopes: an ID token is due.
bool asks_for_id_token(const Method& method);

// Where the tokens came from.
struct Issued {
    const Target& target;
    const Method& method;
    std::string token_endpoint = {};
    std::string nonce = {};  // as sent; empty: none was
    Time sent_at = {};       // of the request that brought them
    Time now = {};
};

// AUTH_ID_TOKEN_INVALID or STORE_*; nothing is stored then.
Result<Credential> accept_tokens(Broker& broker, const Issued& issued, oauth2::Tokens tokens);

}  // namespace handover::auth::login
