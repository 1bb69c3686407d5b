// What the command line asks for, as values. One struct per command; command_line.cpp fills them,
// the command's file consumes them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "log/log.hpp"

namespace handover::cli {

enum class ColorWhen { automatic, always, never };

struct GlobalOptions {
    std::string config = {};  // --config; empty: HANDOVER_CONFIG or the usual place
    std::vector<std::string> plugin_dirs = {};
    int verbose = 0;
    bool quiet = false;
    ColorWhen color = ColorWhen::automatic;
    log::Format log_format = log::Format::text;

    bool operator==(const GlobalOptions&) const = default;
};

// `handover` alone.
struct NextStepOptions {
    bool operator==(const NextStepOptions&) const = default;
};

// --help and --version: the text is made while parsing.
struct ShowTextOptions {
    std::string text = {};
    bool operator==(const ShowTextOptions&) const = default;
};

struct LoginOptions {
    std::string provider = {};
    std::string method = {};
    std::string account = {};
    bool device = false;
    bool no_browser = false;
    bool with_api_key = false;
    std::optional<std::chrono::milliseconds> timeout = {};
    bool force = false;
    bool operator==(const LoginOptions&) const = default;
};

struct StatusOptions {
    std::string provider = {};
    bool json = false;
    bool operator==(const StatusOptions&) const = default;
};

struct TokenOptions {
    std::string provider = {};
    std::string account = {};
    std::chrono::milliseconds min_validity = {};
    bool operator==(const TokenOptions&) const = default;
};

struct RefreshOptions {
    std::string provider = {};
    std::string account = {};
    bool operator==(const RefreshOptions&) const = default;
};

struct LogoutOptions {
    std::string provider = {};
    std::string account = {};
    bool all = false;
    bool no_revoke = false;
    bool operator==(const LogoutOptions&) const = default;
};

struct ExplainOptions {
    std::string provider = {};
    std::string account = {};
    bool json = false;
    bool operator==(const ExplainOptions&) const = default;
};

struct ImportOptions {
    std::string source = {};  // codex or handover-ts
    std::string from = {};    // a file or its folder; empty: where that program keeps it
    std::string provider = {};
    std::string account = {};
    bool force = false;
    bool operator==(const ImportOptions&) const = default;
};

struct RunOptions {
    std::string prompt = {};  // "-": stdin
    std::string provider = {};
    std::string model = {};
    std::string instructions = {};
    std::string account = {};
    bool no_stream = false;
    bool json = false;
    bool operator==(const RunOptions&) const = default;
};

struct BatchOptions {
    std::string input = {};  // "-": stdin
    std::string output = {};
    std::string provider = {};
    std::string model = {};
    std::string account = {};
    std::optional<int> concurrency = {};
    bool retry_failed = false;
    bool wait = false;
    bool operator==(const BatchOptions&) const = default;
};

struct LimitsOptions {
    std::string provider = {};  // empty: all
    bool json = false;
    bool clear = false;
    bool operator==(const LimitsOptions&) const = default;
};

struct ModelsOptions {
    std::string provider = {};
    std::string account = {};
    bool refresh = false;
    bool json = false;
    bool operator==(const ModelsOptions&) const = default;
};

struct ExecOptions {
    std::vector<std::string> command = {};  // what stands behind "--", as it is
    std::string provider = {};
    std::string account = {};
    std::vector<std::string> environment = {};  // --env NAME=TEMPLATE
    std::chrono::milliseconds min_validity = {};
    bool allow_subscription = false;
    bool operator==(const ExecOptions&) const = default;
};

struct ServeOptions {
    std::string listen = {};  // empty: as the config says
    bool allow_remote = false;
    // Instead of serving:
    bool print_env = false;
    std::string print_config = {};  // for which client
    bool list_keys = false;
    std::string add_key = {};
    std::string remove_key = {};
    bool operator==(const ServeOptions&) const = default;
};

struct PluginsListOptions {
    bool json = false;
    bool operator==(const PluginsListOptions&) const = default;
};

struct PluginsInspectOptions {
    std::string plugin = {};  // a file, or an id
    bool json = false;
    bool operator==(const PluginsInspectOptions&) const = default;
};

struct ConfigPathOptions {
    bool operator==(const ConfigPathOptions&) const = default;
};

struct ConfigShowOptions {
    bool operator==(const ConfigShowOptions&) const = default;
};

struct ConfigCheckOptions {
    bool operator==(const ConfigCheckOptions&) const = default;
};

struct ConfigInitOptions {
    bool force = false;
    bool operator==(const ConfigInitOptions&) const = default;
};

struct DoctorOptions {
    bool json = false;
    bool operator==(const DoctorOptions&) const = default;
};

struct CompletionOptions {
    std::string shell = {};  // bash, zsh or fish
    bool operator==(const CompletionOptions&) const = default;
};

using Command = std::variant<NextStepOptions,
                             ShowTextOptions,
                             LoginOptions,
                             StatusOptions,
                             TokenOptions,
                             RefreshOptions,
                             LogoutOptions,
                             ExplainOptions,
                             ImportOptions,
                             RunOptions,
                             BatchOptions,
                             LimitsOptions,
                             ServeOptions,
                             ModelsOptions,
                             ExecOptions,
                             PluginsListOptions,
                             PluginsInspectOptions,
                             ConfigPathOptions,
                             ConfigShowOptions,
                             ConfigCheckOptions,
                             ConfigInitOptions,
                             DoctorOptions,
                             CompletionOptions>;

struct Invocation {
    GlobalOptions global = {};
    Command command = {};
};

}  // namespace handover::cli
