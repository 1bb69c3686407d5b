// A manifest is read whole or refused with its code and place; what was read keeps the promises
// that the broker relies on.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/url.hpp"
#include "plugins/manifest.hpp"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const handover::plugins::Manifest& manifest) {
    require(!manifest.id.empty() && !manifest.dialects.empty() && !manifest.methods.empty());
    require(manifest.methods.size() == manifest.auth_tables.size());
    require(manifest.base_url.empty() || handover::config::url_fault(manifest.base_url).empty());
    for (const auto& method : manifest.methods) {
        require(!method.id.empty());
        const bool oauth2 = method.kind == handover::auth::Kind::oauth2;
        require(!oauth2 ||
                (!method.client_id.empty() && handover::config::url_fault(method.issuer).empty()));
        const auto& token_endpoint = method.endpoints.token_endpoint;
        require(!token_endpoint || handover::config::url_fault(*token_endpoint).empty());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto manifest = handover::plugins::parse_manifest(text, "plugin.toml");
    if (manifest) {
        check(*manifest);
    } else {
        require(manifest.error().code == handover::Errc::plugin_invalid);
        require(manifest.error().message.rfind("plugin.toml:", 0) == 0);
    }
    return 0;
}
