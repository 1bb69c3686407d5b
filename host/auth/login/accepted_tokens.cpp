#include "auth/login/accepted_tokens.hpp"

#include <algorithm>

#include "auth/oauth2/id_token.hpp"

namespace handover::auth::login {
namespace {

Result<void> check_identity(const Issued& issued, const oauth2::Tokens& tokens) {
    if (!tokens.id_token.empty()) {
        return oauth2::check_id_token(tokens.id_token.reveal(),
                                      {.issuer = issued.method.issuer,
                                       .client_id = issued.method.client_id,
                                       .nonce = issued.nonce,
                                       .nonce_mode = issued.method.nonce,
                                       .now = issued.now});
    }
    if (!asks_for_id_token(issued.method)) return {};
    // OpenID Connect Core 3.1.3.3: the answer to a request with `openid` holds an ID token.
    return fail({.code = Errc::auth_id_token_invalid,
                 .message = "the authorization server sent no ID token",
                 .reason = "the scope \"openid\" asks for one",
                 .fix = "check the client's registration, or drop \"openid\" from `scopes`"});
}

Credential credential_of(const Issued& issued, oauth2::Tokens tokens) {
    Credential credential;
    credential.id = {.provider = issued.target.provider, .account = issued.target.account};
    credential.method = issued.method.id;
    credential.access_token = std::move(tokens.access_token);
    credential.refresh_token = std::move(tokens.refresh_token);
    credential.id_token = std::move(tokens.id_token);
    credential.token_type = std::move(tokens.token_type);
    credential.scopes = tokens.scopes.value_or(issued.method.scopes);  // RFC 6749 section 5.1
    credential.expires_at = tokens.expires_at;
    credential.obtained_at = issued.sent_at;
    credential.issuer = issued.method.issuer;
    credential.client_id = issued.method.client_id;
    credential.token_endpoint = issued.token_endpoint;
    credential.origins = issued.target.origins;
    return credential;
}

}  // namespace

bool asks_for_id_token(const Method& method) {
    return std::find(method.scopes.begin(), method.scopes.end(), "openid") != method.scopes.end();
}

Result<Credential> accept_tokens(Broker& broker, const Issued& issued, oauth2::Tokens tokens) {
    if (auto checked = check_identity(issued, tokens); !checked) return checked.failure();
    auto credential = credential_of(issued, std::move(tokens));
    if (auto stored = broker.store_login(issued.target, issued.method, credential); !stored)
        return stored.failure();
    return credential;
}

}  // namespace handover::auth::login
