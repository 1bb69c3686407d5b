#include "plugins/trust.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "platform/files.hpp"

namespace handover::plugins {
namespace {

// The account database is asked only where a group may write: reading it costs more than everything
// else here.
gid_t primary_group_of(uid_t user) {
    std::vector<char> buffer(4096);
    struct passwd entry = {};
    struct passwd* found = nullptr;
    while (getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == ERANGE &&
           buffer.size() < (1U << 20U)) {
        buffer.resize(buffer.size() * 2);
    }
    return found == nullptr ? static_cast<gid_t>(-1) : found->pw_gid;
}

Ownership ownership_of(const struct stat& status) {
    const bool group_writes = (status.st_mode & S_IWGRP) != 0;
    return {
        .owner = status.st_uid,
        .group = status.st_gid,
        .mode = status.st_mode & 07777U,
        .owners_primary = group_writes ? primary_group_of(status.st_uid) : static_cast<gid_t>(-1)};
}

std::string shell_quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

Result<void> verdict(Breach breach, const struct stat& status, const std::filesystem::path& path) {
    if (breach == Breach::none) return {};
    const auto name = path.string();
    Error error = {.code = Errc::plugin_untrusted,
                   .message = name + " is not trusted",
                   .reason = {},
                   .fix = {}};
    switch (breach) {
        case Breach::foreign_owner:
            error.reason =
                fmt::format("it belongs to user {}, neither to you nor to root", status.st_uid);
            error.fix = fmt::format("chown {} {}", geteuid(), shell_quoted(name));
            break;
        case Breach::group_may_write:
            error.reason = fmt::format(
                "group {} may write to it, which is not its owner's primary group", status.st_gid);
            error.fix = "chmod g-w " + shell_quoted(name);
            break;
        default:
            error.reason = "everybody may write to it";
            error.fix = "chmod o-w " + shell_quoted(name);
    }
    return fail(std::move(error));
}

Result<void> check_folder(const std::filesystem::path& folder, bool is_ancestor) {
    struct stat status = {};
    if (stat(folder.c_str(), &status) != 0) {
        return fail({.code = Errc::plugin_untrusted,
                     .message = folder.string() + " cannot be checked",
                     .reason = platform::error_text(errno),
                     .fix = {}});
    }
    return verdict(judge(ownership_of(status), geteuid(), is_ancestor), status, folder);
}

Result<void> check_chain(const std::filesystem::path& folder) {
    if (auto checked = check_folder(folder, false); !checked) return checked;
    for (auto above = folder; above.has_relative_path();) {
        above = above.parent_path();
        if (auto checked = check_folder(above, true); !checked) return checked;
    }
    return {};
}

}  // namespace

Breach judge(const Ownership& what, uid_t user, bool sticky_is_fine) {
    if (what.owner != user && what.owner != 0) return Breach::foreign_owner;
    if (sticky_is_fine && (what.mode & S_ISVTX) != 0) return Breach::none;
    if ((what.mode & S_IWOTH) != 0) return Breach::others_may_write;
    if ((what.mode & S_IWGRP) != 0 && what.group != what.owners_primary)
        return Breach::group_may_write;
    return Breach::none;
}

Result<void> check_file_trust(const struct stat& status, const std::filesystem::path& file) {
    return verdict(judge(ownership_of(status), geteuid(), false), status, file);
}

Result<void> check_folder_trust(const std::filesystem::path& folder) {
    std::error_code error;
    auto spelled = std::filesystem::absolute(folder, error).lexically_normal();
    if (!spelled.has_filename() && spelled.has_relative_path()) spelled = spelled.parent_path();
    if (auto checked = check_chain(spelled); !checked) return checked;
    // Whoever may move the link's target decides what is behind the link.
    const auto resolved = std::filesystem::canonical(spelled, error);
    if (error || resolved == spelled) return {};
    return check_chain(resolved);
}

Result<platform::Descriptor> open_trusted(const std::filesystem::path& file) {
    // Not blocking: a FIFO with the name of a plugin would otherwise wait for a writer.
    platform::Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat status = {};
    if (!opened.valid() || fstat(opened.get(), &status) != 0) {
        const bool missing = errno == ENOENT || errno == ENOTDIR;
        return fail({.code = missing ? Errc::plugin_not_found : Errc::plugin_invalid,
                     .message = "cannot open the plugin " + file.string(),
                     .reason = platform::error_text(errno),
                     .fix = {}});
    }
    if (!S_ISREG(status.st_mode)) {
        return fail({.code = Errc::plugin_invalid,
                     .message = file.string() + " is not a shared object",
                     .reason = "it is not a regular file",
                     .fix = "remove it from the plugin folder"});
    }
    if (auto checked = check_folder_trust(file.parent_path()); !checked) return checked.failure();
    std::error_code error;
    const auto resolved = std::filesystem::canonical(file, error);
    if (!error && resolved.filename() != file.filename()) {
        if (auto checked = check_folder_trust(resolved.parent_path()); !checked)
            return checked.failure();
    }
    if (auto checked = check_file_trust(status, file); !checked) return checked.failure();
    return opened;
}

}  // namespace handover::plugins
