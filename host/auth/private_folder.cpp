#include "auth/private_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "secret/secret.hpp"

namespace handover::auth {
namespace {

constexpr mode_t others = S_IRWXG | S_IRWXO;
constexpr std::string_view mount_the_folder =
    "mount the folder, not the file, and make it writable: a credential is replaced by renaming a "
    "new file over it";

// Read-only in one way or another: the message says what to do about it.
bool cannot_be_replaced(int error_number) {
    return error_number == EBUSY || error_number == EROFS || error_number == EACCES ||
           error_number == EPERM || error_number == EXDEV;
}

Failure untrusted(const std::filesystem::path& file, std::string reason, std::string fix) {
    return fail({.code = Errc::store_permissions,
                 .message = "the file " + file.string() + " is not used",
                 .reason = std::move(reason),
                 .fix = std::move(fix)});
}

}  // namespace

Result<void> check_private_file(const struct stat& status, const std::filesystem::path& file) {
    if (!S_ISREG(status.st_mode))
        return untrusted(file, "it is not a regular file", "rm '" + file.string() + "'");
    if (status.st_uid != geteuid()) {
        return untrusted(
            file, "it belongs to another user", "chown $(id -u) '" + file.string() + "'");
    }
    if ((status.st_mode & others) != 0) {
        return untrusted(file, "others can read or write it", "chmod 600 '" + file.string() + "'");
    }
    if (status.st_nlink > 1) {
        return untrusted(file,
                         "it has more than one name (hard links)",
                         "cp -p '" + file.string() + "' '" + file.string() + ".copy' && mv '" +
                             file.string() + ".copy' '" + file.string() + "'");
    }
    return {};
}

Result<void> check_private_folder(const struct stat& status, const std::filesystem::path& path) {
    if (status.st_uid != geteuid()) {
        return fail({.code = Errc::store_permissions,
                     .message = "the folder " + path.string() + " is not used",
                     .reason = "it belongs to another user",
                     .fix = "chown $(id -u) '" + path.string() + "'"});
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail({.code = Errc::store_permissions,
                     .message = "the folder " + path.string() + " is not used",
                     .reason = "others can write to it",
                     .fix = "chmod 700 '" + path.string() + "'"});
    }
    return {};
}

namespace {

Result<void> check_folder(int fd, const std::filesystem::path& path) {
    struct stat status = {};
    if (fstat(fd, &status) != 0) return untrusted(path, platform::error_text(errno), {});
    if (auto checked = check_private_folder(status, path); !checked) return checked;
    // Readable by others is no danger to the files in it; it is closed all the same where that is
    // possible.
    if ((status.st_mode & others) != 0) (void)fchmod(fd, S_IRWXU);
    return {};
}

// A file that is mounted by itself cannot be renamed over (EBUSY).
bool is_mount_point(int folder, const std::string& name) {
    struct statx status = {};
    if (statx(folder, name.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) != 0) return false;
    const auto bit = static_cast<std::uint64_t>(STATX_ATTR_MOUNT_ROOT);
    return (status.stx_attributes_mask & bit) != 0 && (status.stx_attributes & bit) != 0;
}

Result<std::string> read_all(int fd, std::size_t most, const std::filesystem::path& file) {
    std::string contents(4096, '\0');
    std::size_t filled = 0;
    for (;;) {
        const auto got = ::read(fd, contents.data() + filled, contents.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        const int error_number = got < 0                                         ? errno
                                 : filled + static_cast<std::size_t>(got) > most ? EFBIG
                                                                                 : 0;
        if (error_number != 0) {
            wipe(contents);
            return fail({.code = Errc::store_io,
                         .message = "cannot read " + file.string(),
                         .reason = platform::error_text(error_number),
                         .fix = {}});
        }
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
        if (filled == contents.size()) contents.resize(contents.size() * 2);
    }
    contents.resize(filled);
    return contents;
}

}  // namespace

PrivateFolder::PrivateFolder(std::filesystem::path path, StoreFault fault)
    : path_(std::move(path)), fault_(std::move(fault)) {}

std::filesystem::path PrivateFolder::path_of(std::string_view name) const {
    return path_ / name;
}

int PrivateFolder::injected(std::string_view step, std::string_view name) const {
    return fault_ ? fault_(step, name) : 0;
}

Failure PrivateFolder::cannot(std::string_view what,
                              std::string_view name,
                              int error_number) const {
    Error error = {.code = Errc::store_io,
                   .message = "cannot " + std::string(what) + " " + path_of(name).string(),
                   .reason = platform::error_text(error_number),
                   .fix = {}};
    if (cannot_be_replaced(error_number)) error.fix = mount_the_folder;
    if (error_number == ENOSPC || error_number == EDQUOT)
        error.fix = "free some space on the disk of " + path_.string();
    return fail(std::move(error));
}

Result<PrivateFolder::Opened> PrivateFolder::folder(bool make) {
    const std::lock_guard guard(mutex_);
    struct stat status = {};
    // A folder that was removed and made again is another one.
    if (folder_ && fstat(folder_->get(), &status) == 0 && status.st_nlink > 0) return folder_;
    if (make) {
        if (auto made = platform::make_private_folder(path_); !made) return made.failure();
    }
    auto opened = std::make_shared<const platform::Descriptor>(
        open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened->valid()) {
        if (errno == ENOENT && !make) return Opened();
        return cannot("open the folder", "", errno);
    }
    if (auto checked = check_folder(opened->get(), path_); !checked) return checked.failure();
    folder_ = std::move(opened);
    return folder_;
}

Result<std::optional<std::string>> PrivateFolder::read(const std::string& name, std::size_t most) {
    const auto opened = folder(false);
    if (!opened) return opened.failure();
    if (*opened == nullptr) return std::optional<std::string>();
    if (const int fault = injected("open", name); fault != 0) return cannot("open", name, fault);
    // O_NONBLOCK: a FIFO must not hold us up.
    const platform::Descriptor file(openat(
        (*opened)->get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!file.valid()) {
        if (errno == ENOENT) return std::optional<std::string>();
        if (errno == ELOOP)
            return untrusted(
                path_of(name), "it is a symbolic link", "rm '" + path_of(name).string() + "'");
        return cannot("open", name, errno);
    }
    struct stat status = {};
    if (fstat(file.get(), &status) != 0) return cannot("read", name, errno);
    if (auto checked = check_private_file(status, path_of(name)); !checked)
        return checked.failure();
    auto contents = read_all(file.get(), most, path_of(name));
    if (!contents) return std::move(contents).failure();
    return std::optional(std::move(*contents));
}

bool PrivateFolder::status_of(const std::string& name, struct stat& status) {
    const auto opened = folder(false);
    if (!opened || *opened == nullptr) return false;
    return fstatat((*opened)->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<std::vector<std::string>> PrivateFolder::names() {
    const auto opened = folder(false);
    if (!opened) return opened.failure();
    std::vector<std::string> out;
    if (*opened == nullptr) return out;
    platform::Descriptor copy(openat((*opened)->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(
        copy.valid() ? fdopendir(copy.get()) : nullptr, &closedir);
    if (listing == nullptr) return cannot("list", "", errno);
    (void)copy.release();  // closedir closes it
    while (const auto* entry = readdir(listing.get())) out.emplace_back(entry->d_name);
    return out;
}

Result<platform::Descriptor> PrivateFolder::open_for_writing(const std::string& name) {
    const auto opened = folder(true);
    if (!opened) return opened.failure();
    if (const int fault = injected("open", name); fault != 0) return cannot("open", name, fault);
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
    platform::Descriptor file(openat((*opened)->get(), name.c_str(), flags, 0600));
    if (!file.valid()) return cannot("open", name, errno);
    struct stat status = {};
    if (fstat(file.get(), &status) != 0) return cannot("read", name, errno);
    if (auto checked = check_private_file(status, path_of(name)); !checked)
        return checked.failure();
    return file;
}

Result<Replacement> PrivateFolder::begin_replacement(const std::string& name, std::size_t room) {
    const auto opened = folder(true);
    if (!opened) return opened.failure();
    const int fd = (*opened)->get();
    if (is_mount_point(fd, name)) return cannot("replace", name, EBUSY);
    if (const int fault = injected("allocate", name); fault != 0)
        return cannot("make room beside", name, fault);
    // Only the holder of the credential's lock comes here, so that what lies there is left over
    // from a crash.
    Replacement replacement = {.name = name + "-new"};
    (void)unlinkat(fd, replacement.name.c_str(), 0);
    replacement.file = platform::Descriptor(openat(
        fd, replacement.name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!replacement.file.valid()) {
        replacement.name.clear();
        return cannot("write beside", name, errno);
    }
    const int error_number = posix_fallocate(replacement.file.get(), 0, static_cast<off_t>(room));
    if (error_number == 0) return replacement;
    abandon(replacement);
    return cannot("make room beside", name, error_number);
}

Result<void> PrivateFolder::fill(Replacement& replacement, std::string_view contents) {
    const int fd = replacement.file.get();
    if (const int fault = injected("write", replacement.name); fault != 0)
        return cannot("write", replacement.name, fault);
    if (lseek(fd, 0, SEEK_SET) != 0 || !platform::write_all(fd, contents) ||
        ftruncate(fd, static_cast<off_t>(contents.size())) != 0) {
        return cannot("write", replacement.name, errno);
    }
    if (const int fault = injected("fsync", replacement.name); fault != 0)
        return cannot("sync", replacement.name, fault);
    if (fsync(fd) != 0) return cannot("sync", replacement.name, errno);
    return {};
}

Result<void> PrivateFolder::finish_replacement(Replacement& replacement, const std::string& name) {
    const auto opened = folder(true);
    if (!opened) return opened.failure();
    if (const int fault = injected("rename", name); fault != 0)
        return cannot("replace", name, fault);
    const int fd = (*opened)->get();
    if (renameat(fd, replacement.name.c_str(), fd, name.c_str()) != 0)
        return cannot("replace", name, errno);
    replacement.name.clear();
    replacement.file.reset();
    return sync_folder(name);
}

void PrivateFolder::abandon(Replacement& replacement) {
    replacement.file.reset();
    if (replacement.name.empty()) return;
    const auto opened = folder(false);
    if (opened && *opened != nullptr) (void)unlinkat((*opened)->get(), replacement.name.c_str(), 0);
    replacement.name.clear();
}

Result<void> PrivateFolder::replace(const std::string& name, std::string_view contents) {
    auto replacement = begin_replacement(name, contents.size());
    if (!replacement) return replacement.failure();
    auto done = fill(*replacement, contents);
    if (done) done = finish_replacement(*replacement, name);
    if (!done) abandon(*replacement);
    return done;
}

Result<bool> PrivateFolder::remove(const std::string& name) {
    const auto opened = folder(false);
    if (!opened) return opened.failure();
    if (*opened == nullptr) return false;
    if (const int fault = injected("remove", name); fault != 0)
        return cannot("remove", name, fault);
    if (unlinkat((*opened)->get(), name.c_str(), 0) != 0) {
        if (errno == ENOENT) return false;
        return cannot("remove", name, errno);
    }
    if (auto synced = sync_folder(name); !synced) return synced.failure();
    return true;
}

Result<void> PrivateFolder::rename(const std::string& from, const std::string& to) {
    const auto opened = folder(true);
    if (!opened) return opened.failure();
    const int fd = (*opened)->get();
    if (renameat(fd, from.c_str(), fd, to.c_str()) != 0) return cannot("rename", from, errno);
    return sync_folder(to);
}

Result<void> PrivateFolder::sync_folder(const std::string& name) {
    const auto opened = folder(true);
    if (!opened) return opened.failure();
    if (const int fault = injected("fsync_folder", name); fault != 0)
        return cannot("sync the folder of", name, fault);
    // Some file systems cannot sync a folder and say EINVAL: there the rename is as durable as it
    // gets.
    if (fsync((*opened)->get()) != 0 && errno != EINVAL)
        return cannot("sync the folder of", name, errno);
    return {};
}

}  // namespace handover::auth
