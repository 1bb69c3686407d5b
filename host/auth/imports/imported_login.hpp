// Logins that other programs keep in files: read as they are, judged before anything is stored.
// Pure.
#pragma once

#include <handover/result.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "auth/broker.hpp"
#include "auth/credential.hpp"
#include "auth/method.hpp"
#include "secret/secret.hpp"
#include "text/time.hpp"

namespace handover::auth::imports {

enum class What { tokens, api_key };

struct ImportedLogin {
    What what = What::tokens;
    Secret access_token = {};
    Secret refresh_token = {};  // empty: the file has none
    Secret id_token = {};
    Secret api_key = {};
    std::optional<Time> expires_at = {};
    std::optional<Time> obtained_at = {};
    std::string provider = {};  // as the file names it; empty: it does not
    std::string note = {};      // for people: what else the file holds and is left out
};

// The codex CLI's auth.json. AUTH_METHOD_UNSUPPORTED for a mode that cannot be imported, saying
// why; AUTH_NO_CREDENTIAL where the file holds no login; STORE_CORRUPT where it is no such file.
Result<ImportedLogin> parse_codex_auth(std::string_view text);

// credentials.json of the earlier Handover: {provider, token, expiresAt, refreshToken}.
Result<ImportedLogin> parse_handover_ts(std::string_view text);

// The credential for a method of kind oauth2, bound as a login would have. Refused is what could
// not be used: AUTH_SESSION_EXPIRED (expired, and nothing to refresh it with),
// AUTH_ID_TOKEN_INVALID (issued by another issuer or for another client), CONFIG_INVALID (the
// provider's addresses do not fit).
Result<Credential> bind_login(const ImportedLogin& login,
                              const Target& target,
                              const Method& method,
                              Time now);

}  // namespace handover::auth::imports
