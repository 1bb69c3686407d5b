// The user's config as values, validated in full.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/compatibility.hpp"
#include "config/front_settings.hpp"
#include "config/model_routes.hpp"
#include "config/toml.hpp"

namespace handover::config {

// [providers.NAME] or a preset. What is absent was not set here.
struct ProviderSettings {
    std::optional<std::string> plugin = {};
    std::optional<std::string> preset = {};
    std::optional<std::string> base_url = {};
    std::optional<std::vector<std::string>> dialects = {};
    std::optional<std::string> model = {};
    std::optional<std::string> account = {};
    std::optional<std::string> auth_method = {};
    std::optional<int> concurrency = {};
    std::map<std::string, std::string> headers = {};
    std::map<std::string, std::string> query = {};
    Table options = {};
    std::optional<bool> allow_http = {};
    Compatibility compatibility = {};
    std::map<std::string, Table> auth =
        {};  // method id -> overrides, decoded once the manifest is known
    std::optional<std::string> description = {};       // presets only
    std::optional<std::string> base_url_example = {};  // presets only: what the user has to write
    Table source = {};  // the table itself: positions for errors and for `config show`
};

struct Config {
    std::filesystem::path file = {};
    bool exists = false;

    std::optional<std::string> default_provider = {};
    std::vector<std::filesystem::path> plugin_paths = {};
    std::chrono::milliseconds refresh_lead = std::chrono::minutes(5);
    std::chrono::milliseconds login_timeout = std::chrono::seconds(120);
    std::string proxy = {};
    std::string ca_file = {};
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds first_byte_timeout = std::chrono::minutes(5);
    std::chrono::milliseconds idle_timeout = std::chrono::minutes(5);
    int max_retries = 3;
    std::string listen = "127.0.0.1:4141";
    std::uint64_t max_body = 32U << 20U;  // bytes
    int max_queue = 256;
    // How long a request waits for its turn at a subscription before it is answered with 429.
    std::chrono::milliseconds queue_timeout = std::chrono::minutes(1);
    std::vector<ModelAt> fallback = {};  // for requests that name no provider
    FrontSettings front = {};            // the rest of [serve]
    std::map<std::string, ModelAlias> models = {};
    std::map<std::string, ProviderSettings> providers = {};

    Table source = {};  // the whole document, for `config show`
};

// The config of that text; an empty text is all defaults. CONFIG_INVALID with file, line, column
// and nearest key.
Result<Config> parse_config(std::string_view toml, const std::string& file);

// Reads the file. A missing one is all defaults unless it was named (CONFIG_NOT_FOUND).
Result<Config> load_config(const std::filesystem::path& file, bool must_exist);

// The annotated default that `config init` writes: config/handover.toml, compiled in.
std::string_view annotated_default();

// The text of config/presets.toml, compiled in.
std::string_view presets_text();

// A preset compiled in from config/presets.toml; nothing if there is none of that name. Only its
// own part is parsed.
Result<std::optional<ProviderSettings>> find_preset(const std::string& name);
std::vector<std::string> preset_names();

}  // namespace handover::config
