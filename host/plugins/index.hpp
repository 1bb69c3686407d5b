// The manifest index: what `plugins list` shows of each file, remembered by the file's identity.
// Pure: bytes in, values out.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/catalogue.hpp"

namespace handover::plugins {

// One state of one file. A change of contents, mode or owner changes ctime.
struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;  // since 1970
    std::int64_t changed_ns = 0;

    auto operator<=>(const Identity&) const = default;
};

Identity identity_of(const struct stat& status);

// A file that changed this recently could change again within one tick of the kernel's clock and
// look the same.
bool settled(const Identity& file, std::chrono::system_clock::time_point now);

struct Indexed {
    Identity identity = {};
    Entry entry = {};  // without `shadowed_by`
};

// `made_by` names the host's build: another build may judge a manifest differently.
std::string encode_index(const std::vector<Indexed>& files, std::string_view made_by);

// Nothing if the bytes are damaged, of another format, or from another build.
std::optional<std::vector<Indexed>> decode_index(std::string_view bytes, std::string_view made_by);

}  // namespace handover::plugins
