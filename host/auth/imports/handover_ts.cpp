// credentials.json of the earlier Handover, written by its OAuth login.
#include <utility>

#include "auth/imports/imported_login.hpp"
#include "auth/imports/json_file.hpp"
#include "auth/oauth2/jwt.hpp"

namespace handover::auth::imports {
namespace {

Failure no_such_file(std::string reason) {
    return fail({.code = Errc::store_corrupt,
                 .message = "this is no credentials.json of the earlier Handover",
                 .reason = std::move(reason),
                 .fix = "handover auth login codex"});
}

// It stored what an OAuth login gave; something without expiry, refresh token or claims is a key
// that a person put there.
What what_is(const ImportedLogin& login) {
    const bool from_login = login.expires_at || !login.refresh_token.empty() ||
                            oauth2::decode_jwt(login.access_token.reveal()).has_value();
    return from_login ? What::tokens : What::api_key;
}

}  // namespace

Result<ImportedLogin> parse_handover_ts(std::string_view text) {
    const auto file = parse_object(text);
    if (!file) return no_such_file("it is not a JSON object");
    bool wrong = false;
    ImportedLogin login;
    login.provider = text_member(*file, "provider", wrong).value_or("");
    login.access_token = Secret(text_member(*file, "token", wrong).value_or(""));
    login.refresh_token = Secret(text_member(*file, "refreshToken", wrong).value_or(""));
    const auto expires_at = text_member(*file, "expiresAt", wrong);
    if (wrong) return no_such_file("a member of it is not a text");
    if (login.provider.empty()) return no_such_file("it names no provider");
    if (login.access_token.empty()) return no_such_file("it holds no token");
    if (!is_token(login.access_token.reveal()) || !is_token(login.refresh_token.reveal()))
        return no_such_file("a token in it is not a text of visible characters");
    if (expires_at) {
        login.expires_at = text::parse_rfc3339(*expires_at);
        if (!login.expires_at) return no_such_file("its expiresAt is no RFC 3339 time");
    } else {
        login.expires_at = oauth2::expiry_of(login.access_token.reveal());
    }
    login.what = what_is(login);
    if (login.what == What::api_key) login.api_key = std::exchange(login.access_token, Secret());
    if (const auto jwt = oauth2::decode_jwt(login.access_token.reveal()))
        login.obtained_at = jwt->iat;
    return login;
}

}  // namespace handover::auth::imports
