// A folder of secrets, opened once; every file in it is reached relative to its descriptor. What a
// file must be to be trusted and how one is replaced durably stand here; what the files mean does
// not.
#pragma once

#include <handover/result.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/files.hpp"

struct stat;

namespace handover::auth {

// For tests: asked before each step ("open", "allocate", "write", "fsync", "rename",
// "fsync_folder") on a file; an error number makes the step fail with it, 0 lets it happen.
using StoreFault = std::function<int(std::string_view step, std::string_view file)>;

// A file made beside another one, to take its place.
struct Replacement {
    std::string name = {};  // of the temporary file; empty once it was renamed
    platform::Descriptor file = {};
};

// What a file of secrets must be: regular, ours, closed to others, one link. STORE_PERMISSIONS with
// the command that mends it.
Result<void> check_private_file(const struct stat& status, const std::filesystem::path& file);
// And a folder of them: ours, and nobody else may write to it.
Result<void> check_private_folder(const struct stat& status, const std::filesystem::path& folder);

class PrivateFolder {
public:
    explicit PrivateFolder(std::filesystem::path path, StoreFault fault = {});

    [[nodiscard]] std::filesystem::path path_of(std::string_view name) const;

    // The contents; nothing if there is no such file. STORE_PERMISSIONS unless it is a regular file
    // of ours with one link that nobody else can read.
    Result<std::optional<std::string>> read(const std::string& name, std::size_t most);
    // False if there is none.
    bool status_of(const std::string& name, struct stat& status);
    Result<std::vector<std::string>> names();

    // Opens or makes a file of ours for reading and writing, mode 0600; makes the folder if it is
    // missing.
    Result<platform::Descriptor> open_for_writing(const std::string& name);

    // A temporary file with `room` bytes allocated. STORE_IO "mount the folder" where renaming it
    // over `name` could not work.
    Result<Replacement> begin_replacement(const std::string& name, std::size_t room);
    // Writes and syncs the temporary file; the old file is still in place.
    Result<void> fill(Replacement& replacement, std::string_view contents);
    // Renames it over `name` and syncs the folder.
    Result<void> finish_replacement(Replacement& replacement, const std::string& name);
    void abandon(Replacement& replacement);
    // All of that for a small file.
    Result<void> replace(const std::string& name, std::string_view contents);

    // False if there was none. Syncs the folder.
    Result<bool> remove(const std::string& name);
    Result<void> rename(const std::string& from, const std::string& to);

private:
    using Opened = std::shared_ptr<const platform::Descriptor>;  // shared: another thread may
                                                                 // reopen it meanwhile

    // Null if there is none and it is not to be made.
    Result<Opened> folder(bool make);
    Result<void> sync_folder(const std::string& name);
    [[nodiscard]] int injected(std::string_view step, std::string_view name) const;
    [[nodiscard]] Failure cannot(std::string_view what,
                                 std::string_view name,
                                 int error_number) const;

    std::filesystem::path path_;
    StoreFault fault_;
    std::mutex mutex_;  // guards folder_
    Opened folder_;
};

}  // namespace handover::auth
