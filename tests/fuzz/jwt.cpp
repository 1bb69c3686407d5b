// JWTs: what decodes has three segments, and an unsigned or foreign one is never an ID token.
#include "auth/oauth2/jwt.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/oauth2/id_token.hpp"
#include "text/encoding.hpp"

using namespace handover;
using namespace handover::auth;

namespace {

void check(std::string_view token) {
    const auto jwt = oauth2::decode_jwt(token);
    const oauth2::ExpectedIdToken expected = {.issuer = "https://auth.example",
                                              .client_id = "app",
                                              .nonce = "n1",
                                              .nonce_mode = Nonce::require,
                                              .now = Time(std::chrono::seconds(1'800'000'000))};
    const auto checked = oauth2::check_id_token(token, expected);
    if (!jwt) {
        if (checked) std::abort();
        return;
    }
    if (std::count(token.begin(), token.end(), '.') != 2) std::abort();
    if (checked && (jwt->alg.empty() || jwt->alg == "none")) std::abort();
    if (checked && oauth2::claim(*jwt, "/iss") != "https://auth.example") std::abort();
    if (jwt->exp && *jwt->exp < Time()) std::abort();
    (void)oauth2::claims(*jwt,
                         {{"account", "/https:~1~1api.example~1auth/account"}, {"bad", "x~2"}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check(bytes);
    // The bytes as a payload too, so that the fuzzer need not learn base64.
    check("eyJhbGciOiJSUzI1NiJ9." + text::base64url_encode(bytes) + ".c2ln");
    return 0;
}
