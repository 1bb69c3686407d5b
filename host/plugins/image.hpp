// A plugin's bytes, copied once and sealed: what is checked is what is loaded, whatever happens to
// the file afterwards.
#pragma once

#include <handover/result.hpp>

#include <filesystem>
#include <string>

#include "platform/files.hpp"

namespace handover::plugins {

class Image {
public:
    // Copies an open file. PLUGIN_INVALID if it is too long or changes meanwhile, PLUGIN_FAILED if
    // there is no memory for it.
    static Result<Image> copy(int file, const std::string& name);

    [[nodiscard]] int descriptor() const { return memory_.get(); }

    // In lower-case hexadecimal.
    [[nodiscard]] std::string sha256() const;

    // Some systems refuse to run code from a memfd (vm.memfd_noexec, security modules).
    [[nodiscard]] bool can_execute() const;

    // The path to load from: /proc/self/fd/N, or, where a memfd cannot execute, a 0500 copy named
    // by its SHA-256 in `copies`. The image has to live as long as what was loaded: the dynamic
    // loader remembers names.
    [[nodiscard]] Result<std::filesystem::path> loadable_path(
        const std::filesystem::path& copies) const;

    // The copy itself, made or found with exactly these bytes.
    [[nodiscard]] Result<std::filesystem::path> executable_copy(
        const std::filesystem::path& copies) const;

private:
    explicit Image(platform::Descriptor memory) : memory_(std::move(memory)) {}

    platform::Descriptor memory_;
};

}  // namespace handover::plugins
