#include <algorithm>

#include "auth/binding.hpp"
#include "auth/imports/imported_login.hpp"
#include "auth/oauth2/jwt.hpp"
#include "auth/resolution.hpp"
#include "text/printable.hpp"

namespace handover::auth::imports {
namespace {

constexpr int most_audiences = 16;

std::string without_slash(std::string text) {
    while (text.ends_with('/')) text.pop_back();
    return text;
}

Failure not_ours(const Target& target, std::string reason) {
    return fail({.code = Errc::auth_id_token_invalid,
                 .message = "this login is not one of " + target.provider,
                 .reason = std::move(reason),
                 .fix = "name the provider it belongs to with --provider, or log in: " +
                        login_command({target.provider, target.account})});
}

// Tokens that were issued elsewhere could neither be used nor refreshed, and must not be shown to
// this issuer.
Result<void> check_issuer(const oauth2::Jwt& jwt, const Target& target, const Method& method) {
    const auto issuer = oauth2::claim(jwt, "/iss");
    if (!issuer || method.issuer.empty() || without_slash(*issuer) == without_slash(method.issuer))
        return {};
    return not_ours(
        target, "it was issued by " + text::printable(*issuer, 200) + ", not by " + method.issuer);
}

bool is_audience(const oauth2::Jwt& jwt, const std::string& client_id) {
    if (oauth2::claim(jwt, "/aud") == client_id) return true;
    for (int at = 0; at < most_audiences; ++at) {
        const auto entry = oauth2::claim(jwt, "/aud/" + std::to_string(at));
        if (!entry) return false;
        if (*entry == client_id) return true;
    }
    return false;
}

// A refresh token works for the client alone that it was issued to.
Result<void> check_client(const ImportedLogin& login, const Target& target, const Method& method) {
    if (const auto id_token = oauth2::decode_jwt(login.id_token.reveal())) {
        if (auto issuer = check_issuer(*id_token, target, method); !issuer) return issuer;
        if (!is_audience(*id_token, method.client_id))
            return not_ours(target, "it was issued to another client than " + method.client_id);
    }
    if (const auto access_token = oauth2::decode_jwt(login.access_token.reveal())) {
        if (auto issuer = check_issuer(*access_token, target, method); !issuer) return issuer;
        const auto client_id = oauth2::claim(*access_token, "/client_id");
        if (client_id && *client_id != method.client_id)
            return not_ours(target, "it was issued to another client than " + method.client_id);
    }
    return {};
}

}  // namespace

Result<Credential> bind_login(const ImportedLogin& login,
                              const Target& target,
                              const Method& method,
                              Time now) {
    if (auto client = check_client(login, target, method); !client) return client.failure();
    if (login.expires_at && *login.expires_at <= now && login.refresh_token.empty()) {
        return fail({.code = Errc::auth_session_expired,
                     .message = "the login in the file has expired",
                     .reason = "its token expired at " + text::format_rfc3339(*login.expires_at) +
                               ", and there is no refresh token with it",
                     .fix = login_command({target.provider, target.account})});
    }
    Credential credential;
    credential.id = {.provider = target.provider, .account = target.account};
    credential.method = method.id;
    credential.access_token = login.access_token;
    credential.refresh_token = login.refresh_token;
    credential.id_token = login.id_token;
    credential.token_type = "Bearer";
    credential.expires_at = login.expires_at;
    credential.obtained_at = std::min(login.obtained_at.value_or(now), now);
    bind(credential, method, target.origins);
    if (const auto wrong = mismatch(credential, method, target.origins)) {
        return fail({.code = Errc::config_invalid,
                     .message = "the login could not be used with " + target.provider +
                                " as it is configured",
                     .reason = describe(*wrong),
                     .fix = "handover config show"});
    }
    return credential;
}

}  // namespace handover::auth::imports
