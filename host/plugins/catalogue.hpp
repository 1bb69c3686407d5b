// The plugin folders, read without running a line of plugin code.
#pragma once

#include <handover/result.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "plugins/manifest.hpp"

namespace handover::plugins {

// What `plugins list` shows of a file.
struct Entry {
    std::filesystem::path file = {};
    std::string id = {};  // empty if the file is no usable plugin
    std::string version = {};
    std::string name = {};
    std::vector<std::string> auth_methods = {};
    std::vector<std::string> dialects = {};
    std::optional<Error> error = {};         // why it cannot be used
    std::filesystem::path shadowed_by = {};  // the file that won the id; empty: this one is used
};

class Catalogue {
public:
    // Folders in order of precedence; missing ones are skipped. `index` caches what was read, by
    // (device, inode, size, mtime, ctime); an index that cannot be read or written is ignored.
    // Nothing is read before the first question.
    Catalogue(std::vector<std::filesystem::path> folders, std::filesystem::path index_file);

    // Every *.so in the folders, in order; usable ones, shadowed ones and broken ones.
    const std::vector<Entry>& entries();

    // The full manifest of the plugin with that id. PLUGIN_NOT_FOUND (with the folders searched and
    // the nearest id), or the error of a broken file of that name.
    Result<Manifest> manifest_of(const std::string& id);

    // The file that serves the id.
    Result<std::filesystem::path> file_of(const std::string& id);

    std::vector<std::string> ids();
    [[nodiscard]] const std::vector<std::filesystem::path>& folders() const { return folders_; }

private:
    void scan(bool use_index);

    std::vector<std::filesystem::path> folders_;
    std::filesystem::path index_file_;
    std::optional<std::vector<Entry>> entries_;
};

// Trust, ELF header, section, manifest: everything short of loading. PLUGIN_UNTRUSTED,
// PLUGIN_INVALID, PLUGIN_ABI_MISMATCH.
Result<Manifest> read_manifest(const std::filesystem::path& file);

}  // namespace handover::plugins
