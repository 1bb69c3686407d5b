// `handover config show`: the settings in force and where each came from.
#include "cli/commands.hpp"
#include "providers/effective.hpp"
#include "secret/secret.hpp"

namespace handover::cli {

Result<int> config_show(const ConfigShowOptions& /*options*/,
                        Services& services,
                        const Streams& streams) {
    const auto sources = services.sources();
    if (!sources) return sources.failure();
    streams.out(redact(providers::show(*sources, services.outside().environment)));
    return 0;
}

}  // namespace handover::cli
