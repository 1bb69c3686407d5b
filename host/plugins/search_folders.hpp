// Where plugins are looked for, in order.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace handover::plugins {

struct SearchOptions {
    std::vector<std::filesystem::path> plugin_dirs = {};  // --plugin-dir, in the order given
    std::string plugin_path = {};  // HANDOVER_PLUGIN_PATH: folders between colons
    std::vector<std::filesystem::path> config_paths = {};  // [plugins] paths
    std::filesystem::path user_folder = {};                // the user's plugins folder
    std::filesystem::path executable = {};  // the host's own file; empty: no folders beside it
};

// The first folder that holds a plugin with an id wins. Empty elements are left out (one between
// colons does not mean the current folder), repeated ones too.
std::vector<std::filesystem::path> search_folders(const SearchOptions& options);

}  // namespace handover::plugins
