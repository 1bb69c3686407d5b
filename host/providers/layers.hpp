// What a provider's values come from, from the weakest to the strongest: manifest, preset, the
// user's config.
#pragma once

#include <handover/result.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/table_reader.hpp"
#include "plugins/manifest.hpp"
#include "providers/provider.hpp"

namespace handover::providers {

struct Layers {
    std::string name = {};
    std::string config_file = {};
    const config::ProviderSettings* user = nullptr;  // null: no [providers.NAME]
    std::optional<config::ProviderSettings> preset = {};
    std::string preset_name = {};
    std::string plugin = {};
    plugins::Manifest manifest = {};

    // The preset's base URL, else the manifest's: what the user's config may move away from. Empty:
    // there is none.
    [[nodiscard]] std::string defined_base_url() const;

    // "config.toml:12:3", "preset groq" or "plugin codex".
    [[nodiscard]] std::string origin(const config::Position& at) const;
};

// Finds the definition of that name. PROVIDER_UNKNOWN, CONFIG_INVALID, or what is wrong with the
// plugin.
Result<Layers> find_layers(const std::string& name, const Sources& sources);

// True unless both are URLs of one origin.
bool moved(std::string_view from, std::string_view to);

}  // namespace handover::providers
