#include "auth/claims.hpp"

#include "auth/credential_file.hpp"
#include "auth/oauth2/jwt.hpp"

namespace handover::auth {

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
