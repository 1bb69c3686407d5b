#include "cli/default_provider.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace handover::cli {
namespace {

// A provider that cannot be resolved or whose store cannot be read is simply not usable here; its
// own commands say why.
bool is_usable(const std::string& name, Services& services, auth::Broker& broker) {
    const auto provider = services.provider(name);
    if (!provider) return false;
    const auto settings = services.config();
    const bool configured = settings && (*settings)->providers.contains(name);
    const auto reports = broker.status(provider->target());
    if (!reports) return false;
    return std::any_of(reports->begin(), reports->end(), [&](const auth::StatusReport& report) {
        const bool needs_none = report.source.kind == auth::SourceKind::none;
        return report.account == provider->account && report.usable() &&
               (configured || !needs_none);
    });
}

std::vector<std::string> plugin_ids(Services& services) {
    const auto catalogue = services.catalogue();
    return catalogue ? (*catalogue)->ids() : std::vector<std::string>();
}

}  // namespace

Result<std::vector<std::string>> usable_providers(Services& services) {
    const auto names = services.provider_names();
    if (!names) return names.failure();
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    std::vector<std::string> usable;
    std::copy_if(
        names->begin(), names->end(), std::back_inserter(usable), [&](const std::string& name) {
            return is_usable(name, services, **broker);
        });
    return usable;
}

Result<std::string> named_provider(const std::string& named, Services& services) {
    if (!named.empty()) return named;
    if (const auto variable = services.outside().environment("HANDOVER_PROVIDER");
        variable && !variable->empty()) {
        return *variable;
    }
    const auto settings = services.config();
    if (!settings) return settings.failure();
    return (*settings)->default_provider.value_or("");
}

Error nothing_set_up(Services& services) {
    const auto ids = plugin_ids(services);
    if (ids.empty()) {
        return {.code = Errc::auth_no_credential,
                .message = "no provider is set up yet",
                .reason =
                    "no plugin lies in any of the folders that are searched (`handover plugins "
                    "list` shows them)",
                .fix =
                    "put codex.so or openai.so into the plugins folder or name one with "
                    "--plugin-dir; then "
                    "`handover auth login codex`, or a key in the environment (OPENAI_API_KEY)"};
    }
    const auto subscription =
        std::find(ids.begin(), ids.end(), "codex") != ids.end() ? "codex" : ids.front();
    return {.code = Errc::auth_no_credential,
            .message = "no provider is set up yet",
            .reason = fmt::format(
                "no credential is stored and no key is in the environment; plugins found: {}",
                fmt::join(ids, ", ")),
            .fix = fmt::format("`handover auth login {}` to use a subscription or account, or put "
                               "a key into the environment "
                               "(OPENAI_API_KEY for openai, GROQ_API_KEY for groq, ...), or name a "
                               "local server: -p ollama",
                               subscription)};
}

Result<std::string> choose_provider(const std::string& named, Services& services) {
    auto name = named_provider(named, services);
    if (!name || !name->empty()) return name;
    const auto usable = usable_providers(services);
    if (!usable) return usable.failure();
    if (usable->size() == 1) return usable->front();
    if (usable->empty()) return fail(nothing_set_up(services));
    return fail({.code = Errc::usage,
                 .message = "which provider?",
                 .reason = fmt::format("several are usable: {}", fmt::join(*usable, ", ")),
                 .fix = fmt::format("-p {}, or default_provider = \"{}\" in the config file",
                                    usable->front(),
                                    usable->front())});
}

}  // namespace handover::cli
