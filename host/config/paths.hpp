// Where everything is: HANDOVER_HOME, or the XDG folders.
#pragma once

#include <handover/result.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace handover::config {

using GetEnvironment = std::function<std::optional<std::string>(const std::string&)>;

struct Paths {
    std::filesystem::path config_file = {};
    std::filesystem::path plugins = {};
    std::filesystem::path credentials = {};
    std::filesystem::path state = {};
    std::filesystem::path cache = {};
    bool config_file_was_named = false;  // by --config or HANDOVER_CONFIG: then it must exist
};

// `config_option` is --config, empty if not given. An unset HOME without HANDOVER_HOME falls back
// to the password database's folder. Relative XDG values are ignored, as the specification says; a
// relative HANDOVER_HOME is taken from the current folder.
Result<Paths> find_paths(const GetEnvironment& environment, const std::string& config_option);

}  // namespace handover::config
