#include "plugins/search_folders.hpp"

#include <algorithm>

namespace handover::plugins {
namespace {

std::vector<std::filesystem::path> split_at_colons(std::string_view text) {
    std::vector<std::filesystem::path> out;
    while (!text.empty()) {
        const auto end = std::min(text.find(':'), text.size());
        out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

}  // namespace

std::vector<std::filesystem::path> search_folders(const SearchOptions& options) {
    std::vector<std::filesystem::path> folders;
    const auto add = [&](const std::filesystem::path& folder) {
        if (folder.empty()) return;
        auto normal = folder.lexically_normal();
        if (!normal.has_filename() && normal.has_relative_path())
            normal = normal.parent_path();  // "plugins/"
        if (std::find(folders.begin(), folders.end(), normal) == folders.end())
            folders.push_back(std::move(normal));
    };
    for (const auto& folder : options.plugin_dirs) add(folder);
    for (const auto& folder : split_at_colons(options.plugin_path)) add(folder);
    for (const auto& folder : options.config_paths) add(folder);
    add(options.user_folder);
    if (!options.executable.empty()) {
        const auto beside = options.executable.parent_path();
        add(beside / ".." / "lib" / "handover" / "plugins");
        add(beside / ".." / "plugins");
    }
    return folders;
}

}  // namespace handover::plugins
