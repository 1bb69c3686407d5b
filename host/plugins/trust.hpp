// Whose files the host runs: its user's and root's, where nobody else could have put or changed
// them.
#pragma once

#include <handover/result.hpp>

#include <sys/stat.h>

#include <filesystem>

#include "platform/files.hpp"

namespace handover::plugins {

// What decides about one file or folder; a value, so that the rule is a function of it.
struct Ownership {
    uid_t owner = 0;
    gid_t group = 0;
    mode_t mode = 0;  // permission bits
    gid_t owners_primary =
        0;  // the owner's primary group; meaningful only where the group may write
};

enum class Breach { none, foreign_owner, group_may_write, others_may_write };

// `user` is who runs the host. Sticky folders count as not writable where `sticky_is_fine`
// (ancestors: others may add files there, but neither rename nor remove ours).
Breach judge(const Ownership& what, uid_t user, bool sticky_is_fine);

// A plugin file, by the status of its open descriptor. PLUGIN_UNTRUSTED with the command that mends
// it.
Result<void> check_file_trust(const struct stat& status, const std::filesystem::path& file);

// Opens a plugin file for reading, if it is a regular file and it and the folders above it are
// trusted. What was checked is what the descriptor shows. PLUGIN_UNTRUSTED; PLUGIN_NOT_FOUND if
// there is none; PLUGIN_INVALID if it cannot be opened.
Result<platform::Descriptor> open_trusted(const std::filesystem::path& file);

// A folder and every folder above it, as spelled and with symbolic links resolved.
Result<void> check_folder_trust(const std::filesystem::path& folder);

}  // namespace handover::plugins
