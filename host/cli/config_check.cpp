// `handover config check`: reads the config file as every command would, and resolves each provider
// it names.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/error_output.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

// What is wrong with the providers of a config that parses; the first is returned as the command's
// error, all are shown.
std::vector<Error> provider_errors(const config::Config& settings, Services& services) {
    std::vector<Error> errors;
    for (const auto& [name, provider] : settings.providers) {
        if (auto resolved = services.provider(name); !resolved)
            errors.push_back(std::move(resolved).error());
    }
    if (settings.default_provider && !settings.providers.contains(*settings.default_provider)) {
        if (auto resolved = services.provider(*settings.default_provider); !resolved) {
            errors.push_back(std::move(resolved).error());
        }
    }
    return errors;
}

}  // namespace

Result<int> config_check(const ConfigCheckOptions& /*options*/,
                         Services& services,
                         const Streams& streams) {
    const auto settings = services.config();
    if (!settings) return settings.failure();
    const auto file = text::printable((*settings)->file.string());
    if (!(*settings)->exists) {
        streams.say(fmt::format(
            "{} does not exist; the defaults hold. `handover config init` writes them with notes.",
            file));
        return 0;
    }
    const auto errors = provider_errors(**settings, services);
    for (std::size_t index = 1; index < errors.size(); ++index)
        streams.err(error_text(errors[index], streams.color));
    if (!errors.empty()) return fail(errors.front());
    streams.say(fmt::format("{} is fine ({} providers).", file, (*settings)->providers.size()));
    return 0;
}

}  // namespace handover::cli
