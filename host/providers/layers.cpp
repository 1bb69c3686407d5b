#include "providers/layers.hpp"

#include <fmt/format.h>

#include "config/url.hpp"
#include "text/nearest.hpp"

namespace handover::providers {
namespace {

using config::in_quotes;

Failure unknown(const std::string& name, const Sources& sources) {
    const auto names = known_names(sources);
    return fail(
        {.code = Errc::provider_unknown,
         .message = fmt::format(
             "there is no provider {}.{}", in_quotes(name), text::did_you_mean(name, names)),
         .reason = names.empty() ? std::string("no plugin was found")
                                 : fmt::format("known are: {}", fmt::join(names, ", ")),
         .fix = fmt::format(
             "use one of these names, add [providers.{}] to the config (handover config init), or "
             "put a plugin with that id into a plugin folder (handover plugins list)",
             config::is_provider_name(name) ? name : "NAME")});
}

// The plugin's own error, with the provider that needed it.
Failure for_provider(const std::string& name, Error error) {
    error.message = fmt::format("provider {}: {}", in_quotes(name), error.message);
    return fail(std::move(error));
}

Result<void> find_preset(const Sources& sources, Layers& layers) {
    const bool named = layers.user != nullptr && layers.user->preset.has_value();
    // A section of its own with a plugin is no preset, even if one has its name.
    if (!named && layers.user != nullptr && layers.user->plugin) return {};
    const auto wanted = named ? *layers.user->preset : layers.name;
    auto preset = config::find_preset(wanted);
    if (!preset) return preset.failure();
    if (preset->has_value()) {
        layers.preset = std::move(**preset);
        layers.preset_name = wanted;
        return {};
    }
    if (!named) return {};
    const auto at = layers.user->source.find("preset")->at;
    const auto names = config::preset_names();
    return fail(
        {.code = Errc::config_invalid,
         .message = fmt::format("{}: there is no preset {}.{}",
                                at.text().empty() ? sources.config.file.string() : at.text(),
                                in_quotes(wanted),
                                text::did_you_mean(wanted, names)),
         .reason = fmt::format("presets are: {}", fmt::join(names, ", ")),
         .fix = "name one of these, or write `plugin` and `base_url` instead"});
}

Failure plugin_unsaid(const Layers& layers) {
    return fail(
        {.code = Errc::config_invalid,
         .message = fmt::format(
             "{}: [providers.{}] names neither a plugin nor a preset, and none is called {}",
             layers.user->source.at.text(),
             layers.name,
             in_quotes(layers.name)),
         .reason = {},
         .fix = "add a line like: plugin = \"openai\""});
}

}  // namespace

std::string Layers::defined_base_url() const {
    if (preset && preset->base_url) return *preset->base_url;
    return manifest.base_url;
}

std::string Layers::origin(const config::Position& at) const {
    if (at.file == config_file) return at.text();
    if (preset && at.file == "preset " + preset_name) return at.file;
    return "plugin " + plugin;
}

bool moved(std::string_view from, std::string_view to) {
    const auto old_place = config::parse_url(from);
    const auto new_place = config::parse_url(to);
    return !old_place || !new_place || old_place->origin() != new_place->origin();
}

Result<Layers> find_layers(const std::string& name, const Sources& sources) {
    Layers layers;
    layers.name = name;
    layers.config_file = sources.config.file.string();
    const auto section = sources.config.providers.find(name);
    if (section != sources.config.providers.end()) layers.user = &section->second;
    if (auto found = find_preset(sources, layers); !found) return found.failure();

    const bool said_by_user = layers.user != nullptr && layers.user->plugin;
    const bool said_by_preset = layers.preset && layers.preset->plugin;
    layers.plugin = said_by_user     ? *layers.user->plugin
                    : said_by_preset ? *layers.preset->plugin
                                     : name;
    auto manifest = sources.manifest_of(layers.plugin);
    if (manifest) {
        layers.manifest = std::move(*manifest);
        return layers;
    }
    const bool guessed = !said_by_user && !said_by_preset;
    if (guessed && manifest.error().code == Errc::plugin_not_found) {
        if (layers.user != nullptr) return plugin_unsaid(layers);
        return unknown(name, sources);
    }
    return for_provider(name, std::move(manifest).error());
}

}  // namespace handover::providers
