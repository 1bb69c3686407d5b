#include "auth/refresh_errors.hpp"

#include <utility>

#include "auth/resolution.hpp"

namespace handover::auth {

RefreshResult trouble(Error error, bool sent) {
    return {.credential = {}, .trouble = std::move(error), .sent = sent};
}

bool expired(const Credential& credential, Time now) {
    return credential.expires_at && *credential.expires_at <= now;
}

Error cannot_refresh(const CredentialId& id, std::string reason) {
    return {.code = Errc::auth_session_expired,
            .message = "the login of " + id.provider + " cannot be refreshed any more",
            .reason = std::move(reason),
            .fix = login_command(id)};
}

Error unavailable(const CredentialId& id, std::string reason) {
    return {.code = Errc::auth_refresh_unavailable,
            .message = "the login of " + id.provider + " could not be refreshed now",
            .reason = std::move(reason),
            .fix = "try again later"};
}

Error logged_out(const CredentialId& id, std::string reason) {
    return {.code = Errc::auth_not_logged_in,
            .message = "nobody is logged in to " + id.provider,
            .reason = std::move(reason),
            .fix = login_command(id)};
}

}  // namespace handover::auth
