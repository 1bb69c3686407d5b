// A provider: a named use of a plugin. Config, preset and manifest come together here, each value
// with where it came from.
#pragma once

#include <handover/result.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "auth/broker.hpp"
#include "config/config.hpp"
#include "plugins/manifest.hpp"

namespace handover::providers {

struct Provider {
    std::string name = {};
    std::string plugin = {};  // plugin id
    std::optional<std::string> preset = {};
    std::string base_url = {};  // no trailing slash
    std::vector<std::string> hosts = {};
    std::vector<std::string> dialects = {};
    std::string model = {};  // default model; may be empty
    std::string account = "default";
    std::optional<std::string> auth_method = {};
    std::optional<int> configured_concurrency = {};
    std::optional<int> manifest_concurrency = {};
    std::map<std::string, std::string> headers = {};
    std::map<std::string, std::string> query = {};
    std::string options = "{}";  // a JSON object, defaults filled in
    bool allow_http = false;
    config::Compatibility compatibility = {};  // for what the host itself writes
    bool warns_plain_http =
        false;  // base_url is http to a host that is not loopback: say so at every use
    std::vector<auth::Method> methods = {};
    bool manifest_env_applies = true;
    std::map<std::string, std::vector<std::string>> config_env = {};

    // key path ("base_url", "auth.subscription.issuer") -> "config.toml:12:3", "preset groq",
    // "plugin codex" or "default"
    std::map<std::string, std::string> origins_of_values = {};

    // What the broker needs. An empty `account` takes the provider's own.
    [[nodiscard]] auth::Target target(const std::string& account = {}) const;
};

using ManifestOf = std::function<Result<plugins::Manifest>(const std::string& plugin_id)>;
using PluginIds = std::function<std::vector<std::string>()>;

struct Sources {
    const config::Config& config;
    ManifestOf manifest_of;  // PLUGIN_NOT_FOUND where there is none
    PluginIds plugin_ids;
};

// Looked up as [providers.NAME], then as a preset, then as a plugin's id. PROVIDER_UNKNOWN with the
// nearest name otherwise. CONFIG_INVALID for a bad override (loosened billing, a header that the
// host owns, http to a host that is not loopback without allow_http, an unknown option, ...), with
// the place in the config.
Result<Provider> resolve(const std::string& name, const Sources& sources);

// Every name that `resolve` would take, in that order, without duplicates.
std::vector<std::string> known_names(const Sources& sources);

}  // namespace handover::providers
