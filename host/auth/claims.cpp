#include "auth/claims.hpp"

#include "auth/credential_file.hpp"
#include "auth/oauth2/jwt.hpp"

namespace handover::auth {
namespace {

bool differ(const oauth2::Jwt& before, const oauth2::Jwt& after, const std::string& pointer) {
    const auto old = oauth2::claim(before, pointer);
    const auto now = oauth2::claim(after, pointer);
    return old && now && *old != *now;
}

bool names_another(const Method& method, const Secret& before, const Secret& after) {
    const auto old = oauth2::decode_jwt(before.reveal());
    const auto now = oauth2::decode_jwt(after.reveal());
    if (!old || !now) return false;
    const auto subject = method.claims.find(method.subject);
    return differ(*old, *now, "/sub") ||
           (subject != method.claims.end() && differ(*old, *now, subject->second));
}

}  // namespace

bool another_account(const Method& method, const Credential& before, const Credential& after) {
    return names_another(method, before.id_token, after.id_token) ||
           names_another(method, before.access_token, after.access_token);
}

KnownClaims claims_of(const Method& method, const Credential& credential) {
    if (method.kind != Kind::oauth2) return {};
    KnownClaims known;
    const auto& issuer = credential.issuer.empty() ? method.issuer : credential.issuer;
    known.subject = issuer + " " + file_stem(credential.id);
    const auto& preferred =
        method.claims_from == ClaimsFrom::id_token ? credential.id_token : credential.access_token;
    // A login without an ID token may still have a JWT as its access token.
    const auto& token = preferred.empty() ? credential.access_token : preferred;
    const auto jwt = oauth2::decode_jwt(token.reveal());
    if (!jwt) return known;
    known.named = oauth2::claims(*jwt, method.claims);
    const auto named = known.named.find(method.subject);
    const auto subject = method.subject.empty() || named == known.named.end()
                             ? oauth2::claim(*jwt, "/sub")
                             : std::optional(named->second);
    if (subject) known.subject = issuer + " " + *subject;
    return known;
}

}  // namespace handover::auth
