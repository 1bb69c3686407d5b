// `handover auth token`: the access token or the key, alone on stdout.
#include <fmt/format.h>

#include "cli/commands.hpp"

namespace handover::cli {

Result<int> auth_token(const TokenOptions& options, Services& services, const Streams& streams) {
    const auto provider = services.provider(options.provider);
    if (!provider) return provider.failure();
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    const auto resolved = (*broker)->resolve(
        provider->target(options.account), services.patience(), options.min_validity);
    if (!resolved) return resolved.failure();
    const auto& credential = (*resolved)->credential;
    const auto& secret = credential.api_key.empty() ? credential.access_token : credential.api_key;
    if (secret.empty()) {
        return fail(
            {.code = Errc::auth_method_unsupported,
             .message = fmt::format("{} needs no credential, so there is no token to print",
                                    provider->name),
             .reason = fmt::format("its auth method {} is of kind none", (*resolved)->method.id),
             .fix = {}});
    }
    // One write: a reader never sees a token without its line end.
    std::string line(secret.reveal());
    line += "\n";
    streams.out(line);
    wipe(line);
    return 0;
}

}  // namespace handover::cli
