// Folders and locks. Looks only: makes nothing, changes no mode, leaves no lock file.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>

#include "doctor/finding.hpp"

namespace handover::doctor {

enum class Use { credentials, plugins, state, cache };

struct PlaceFacts {
    std::filesystem::path path = {};
    bool exists = false;
    struct stat status = {};  // meaningful where it exists
    bool readable = false;
    bool writable = false;
    int error_number = 0;                // it could not even be looked at
    std::filesystem::path nearest = {};  // the folder above that exists, where it does not
    bool nearest_writable = false;
    std::optional<std::uint64_t> free_bytes = {};
};

PlaceFacts measure_place(const std::filesystem::path& path);
Finding judge_place(Use use, const PlaceFacts& facts);

struct LockFacts {
    std::filesystem::path folder = {};
    bool tried = false;
    bool excludes = false;  // a second holder was kept out
    int error_number = 0;
};

// flock(2) on a file without a name in that folder, or on the folder itself where the file system
// has no such files.
LockFacts measure_lock(const std::filesystem::path& folder);
Finding judge_lock(const LockFacts& facts);

}  // namespace handover::doctor
