// `handover config check`: reads the config file as every command would, and resolves each provider
// it names.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/error_output.hpp"
#include "providers/effective.hpp"
#include "text/printable.hpp"

namespace handover::cli {

Result<int> config_check(const ConfigCheckOptions& /*options*/,
                         Services& services,
                         const Streams& streams) {
    const auto sources = services.sources();
    if (!sources) return sources.failure();
    const auto& settings = sources->config;
    const auto errors = providers::check(*sources, services.outside().environment);
    // All are shown; the first is the command's own error.
    for (std::size_t index = 1; index < errors.size(); ++index)
        streams.err(error_text(errors[index], streams.color));
    if (!errors.empty()) return fail(errors.front());
    const auto file = text::printable(settings.file.string());
    if (!settings.exists) {
        streams.say(fmt::format(
            "{} does not exist; the defaults hold. `handover config init` writes them with notes.",
            file));
        return 0;
    }
    streams.say(
        fmt::format("{} is fine; providers configured: {}.", file, settings.providers.size()));
    return 0;
}

}  // namespace handover::cli
