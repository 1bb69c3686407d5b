// Metadata: what is accepted has both endpoints, and none that a credential may not go to.
#include "auth/oauth2/discovery.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/oauth2/endpoint_url.hpp"

using namespace handover::auth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const auto* issuer : {"https://auth.example", "http://127.0.0.1:9000"}) {
        const auto metadata = oauth2::parse_metadata(bytes, issuer);
        if (!metadata) continue;
        if (!metadata->endpoints.authorization_endpoint || !metadata->endpoints.token_endpoint)
            std::abort();
        const auto& token_endpoint = *metadata->endpoints.token_endpoint;
        if (!oauth2::check_endpoint_url(token_endpoint, "token_endpoint")) std::abort();
        if (oauth2::is_loopback_url(token_endpoint) != oauth2::is_loopback_url(issuer))
            std::abort();
    }
    (void)oauth2::well_known_urls(bytes);
    const auto origin = oauth2::origin_of(bytes);
    if (origin && oauth2::origin_of(*origin) != origin) std::abort();
    return 0;
}
