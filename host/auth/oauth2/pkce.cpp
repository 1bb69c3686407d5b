#include "auth/oauth2/pkce.hpp"

#include "crypto/crypto.hpp"
#include "text/encoding.hpp"

namespace handover::auth::oauth2 {

std::string code_challenge_s256(std::string_view code_verifier) {
    const auto digest = crypto::sha256(code_verifier);
    const auto* bytes = reinterpret_cast<const char*>(digest.data());
    return text::base64url_encode(std::string_view(bytes, digest.size()));
}

Result<Pkce> make_pkce(std::string_view random) {
    if (random.size() != verifier_octets) {
        return fail({.code = Errc::internal, .message = "a code verifier needs 32 random bytes"});
    }
    Secret code_verifier(text::base64url_encode(random));
    auto code_challenge = code_challenge_s256(code_verifier.reveal());
    return Pkce{.code_verifier = std::move(code_verifier),
                .code_challenge = std::move(code_challenge)};
}

}  // namespace handover::auth::oauth2
