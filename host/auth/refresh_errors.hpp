// How a refresh ends without a new credential: one wording for each way.
#pragma once

#include <string>

#include "auth/refresh.hpp"

namespace handover::auth {

RefreshResult trouble(Error error, bool sent = false);
bool expired(const Credential& credential, Time now);

// AUTH_SESSION_EXPIRED: only a login helps.
Error cannot_refresh(const CredentialId& id, std::string reason);
// AUTH_REFRESH_UNAVAILABLE: trying again may help.
Error unavailable(const CredentialId& id, std::string reason);
// AUTH_NOT_LOGGED_IN.
Error logged_out(const CredentialId& id, std::string reason);

}  // namespace handover::auth
