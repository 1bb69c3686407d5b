// A plugin's manifest as values: plugin.toml, read from the shared object without running it, and
// validated in full.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/method.hpp"
#include "config/toml.hpp"

namespace handover::config {
class Problems;
}

namespace handover::plugins {

enum class OptionType { string, integer, boolean };
struct Option {
    OptionType type = OptionType::string;
    std::string default_json = {};  // as JSON; empty: no default
    std::string description = {};
};

struct Manifest {
    std::string id = {};
    std::string version = {};
    std::string name = {};
    std::string vendor = {};
    std::string homepage = {};
    std::string license = {};
    std::string description = {};

    std::vector<std::string> dialects = {};
    std::string base_url = {};  // may be empty: the config then has to give it
    std::vector<std::string> hosts = {};
    std::string default_model = {};
    std::optional<int> concurrency = {};
    std::map<std::string, Option> options = {};

    std::vector<auth::Method> methods = {};

    // [[auth]] as it was read, for the config's overrides to be merged into (host/providers).
    std::vector<config::Table> auth_tables = {};
};

// `file` names the source in errors (PLUGIN_INVALID with line, column and the nearest valid key).
Result<Manifest> parse_manifest(std::string_view toml, const std::string& file);

// One [[auth]] table, checked key by key. `{issuer}` in endpoints is replaced by the table's
// issuer. `code` is the code of the errors: PLUGIN_INVALID for a manifest, CONFIG_INVALID for a
// method from the config.
Result<auth::Method> decode_method(const config::Table& table, Errc code);

// The same, with what is wrong added to `problems`.
auth::Method decode_method(const config::Table& table, config::Problems& problems);

}  // namespace handover::plugins
