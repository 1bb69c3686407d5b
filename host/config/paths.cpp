#include "config/paths.hpp"

#include <pwd.h>
#include <unistd.h>

#include <vector>

namespace handover::config {
namespace {

using std::filesystem::path;

std::optional<std::string> non_empty(const GetEnvironment& environment, const std::string& name) {
    auto value = environment(name);
    return value && !value->empty() ? value : std::nullopt;
}

Result<path> home_folder(const GetEnvironment& environment) {
    if (const auto home = non_empty(environment, "HOME")) return path(*home);
    constexpr std::size_t buffer_size = 16U << 10U;
    std::vector<char> buffer(buffer_size);
    passwd entry = {};
    passwd* found = nullptr;
    if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
        found != nullptr && found->pw_dir != nullptr && *found->pw_dir == '/') {
        return path(found->pw_dir);
    }
    return fail({.code = Errc::config_not_found,
                 .message = "there is no home folder to keep config and credentials in",
                 .reason = "HOME is not set and the password database names none",
                 .fix = "set HANDOVER_HOME to a folder of your own"});
}

// The XDG Base Directory specification: a relative path is invalid and to be ignored.
path xdg(const GetEnvironment& environment, const std::string& variable, const path& otherwise) {
    const auto value = non_empty(environment, variable);
    return value && path(*value).is_absolute() ? path(*value) : otherwise;
}

Result<Paths> standard_paths(const GetEnvironment& environment) {
    if (const auto own = non_empty(environment, "HANDOVER_HOME")) {
        std::error_code failed;
        auto home = std::filesystem::absolute(*own, failed).lexically_normal();
        if (failed) {
            return fail(
                {.code = Errc::config_not_found,
                 .message = "HANDOVER_HOME is relative and the current folder cannot be told",
                 .reason = failed.message(),
                 .fix = "set HANDOVER_HOME to an absolute path"});
        }
        return Paths{.config_file = home / "config.toml",
                     .plugins = home / "plugins",
                     .credentials = home / "credentials",
                     .state = home / "state",
                     .cache = home / "cache"};
    }
    const auto home = home_folder(environment);
    if (!home) return home.failure();
    const auto data = xdg(environment, "XDG_DATA_HOME", *home / ".local/share") / "handover";
    return Paths{.config_file = xdg(environment, "XDG_CONFIG_HOME", *home / ".config") /
                                "handover" / "config.toml",
                 .plugins = data / "plugins",
                 .credentials = data / "credentials",
                 .state = xdg(environment, "XDG_STATE_HOME", *home / ".local/state") / "handover",
                 .cache = xdg(environment, "XDG_CACHE_HOME", *home / ".cache") / "handover"};
}

}  // namespace

Result<Paths> find_paths(const GetEnvironment& environment, const std::string& config_option) {
    auto paths = standard_paths(environment);
    if (!paths) return paths;
    const auto named =
        config_option.empty() ? non_empty(environment, "HANDOVER_CONFIG") : config_option;
    if (named) {
        paths->config_file = *named;
        paths->config_file_was_named = true;
    }
    return paths;
}

}  // namespace handover::config
