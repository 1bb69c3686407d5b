// `handover auth refresh`: now, whatever the expiry or a back-off.
#include <fmt/format.h>

#include "cli/commands.hpp"

namespace handover::cli {

Result<int> auth_refresh(const RefreshOptions& options,
                         Services& services,
                         const Streams& streams) {
    const auto provider = services.provider(options.provider);
    if (!provider) return provider.failure();
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    const auto resolved =
        (*broker)->refresh(provider->target(options.account), services.patience());
    if (!resolved) return resolved.failure();
    const auto& expires_at = (*resolved)->credential.expires_at;
    streams.say(fmt::format("Refreshed {} (account {}); the new token {}.",
                            provider->name,
                            (*resolved)->credential.id.account,
                            expires_at ? "is valid until " + text::format_rfc3339(*expires_at)
                                       : "does not expire by itself"));
    return 0;
}

}  // namespace handover::cli
