// `handover completion` and the hidden command behind its scripts. Loads no plugin and makes no
// request.
#include <algorithm>

#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "config/config.hpp"
#include "log/log.hpp"
#include "models/models.hpp"

namespace handover::cli {
namespace {

using Suggestions = std::vector<Suggestion>;

Suggestions providers(Services& services) {
    const auto names = services.provider_names();
    const auto presets = config::preset_names();
    Suggestions out;
    for (const auto& name : names ? *names : presets) {
        const bool preset = std::find(presets.begin(), presets.end(), name) != presets.end();
        const auto settings = services.config();
        const bool configured = settings && (*settings)->providers.count(name) > 0;
        out.push_back({.value = name,
                       .description = configured ? "configured"
                                      : preset   ? "preset"
                                                 : "plugin"});
    }
    return out;
}

// What the line names, else what config or environment name.
std::string provider_of(const Question& question, Services& services) {
    if (!question.provider.empty()) return question.provider;
    const auto from_environment = services.outside().environment("HANDOVER_PROVIDER");
    if (from_environment && !from_environment->empty()) return *from_environment;
    const auto settings = services.config();
    return settings ? (*settings)->default_provider.value_or("") : "";
}

Suggestions accounts(const std::string& provider, Services& services) {
    const auto broker = services.broker();
    if (!broker) return {};
    const auto stored = (*broker)->list();
    if (!stored) return {};
    Suggestions out;
    for (const auto& id : *stored) {
        if (!provider.empty() && id.provider != provider) continue;
        out.push_back({.value = id.account, .description = id.provider});
    }
    return out;
}

Suggestions methods(const std::string& provider, Services& services) {
    const auto found = services.provider(provider);
    if (!found) return {};
    Suggestions out;
    for (const auto& method : found->methods)
        out.push_back({.value = method.id, .description = method.label});
    return out;
}

Suggestions models(const std::string& provider, Services& services) {
    const auto found = services.provider(provider);
    const auto paths = services.paths();
    if (!found || !paths) return {};
    Suggestions out;
    if (const auto kept = models::kept_models(*found, "", (*paths)->cache)) {
        for (const auto& model : kept->models)
            out.push_back({.value = model.id, .description = model.display_name});
    }
    const auto is_default = [&](const Suggestion& one) { return one.value == found->model; };
    if (!found->model.empty() && std::none_of(out.begin(), out.end(), is_default))
        out.insert(out.begin(),
                   {.value = found->model, .description = "the default of " + provider});
    return out;
}

Suggestions plugins(Services& services) {
    const auto catalogue = services.catalogue();
    if (!catalogue) return {};
    Suggestions out;
    for (const auto& id : (*catalogue)->ids()) out.push_back({.value = id});
    return out;
}

Suggestions answer(const Question& question, Services& services) {
    switch (question.wanted) {
        case Wanted::providers:
            return providers(services);
        case Wanted::accounts:
            return accounts(provider_of(question, services), services);
        case Wanted::methods:
            return methods(provider_of(question, services), services);
        case Wanted::models:
            return models(provider_of(question, services), services);
        case Wanted::plugins:
            return plugins(services);
        default:
            return {};
    }
}

}  // namespace

Result<int> print_completion(const CompletionOptions& options,
                             Services& /*services*/,
                             const Streams& streams) {
    streams.out(completion_script(options.shell));
    return 0;
}

void complete_words(const std::vector<std::string>& words,
                    const Outside& outside,
                    const Streams& streams) {
    log::divert([](std::string_view /*line*/) {});
    const auto known = [&](const Question& question) {
        Services services(outside,
                          {.config = question.config, .plugin_dirs = question.plugin_dirs});
        return answer(question, services);
    };
    streams.out(print(complete(words, known)));
}

}  // namespace handover::cli
