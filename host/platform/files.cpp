#include "platform/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace handover::platform {
namespace {

Failure cannot(const char* what, const std::filesystem::path& file, int error_number) {
    return fail({.code = Errc::store_io,
                 .message = std::string("cannot ") + what + " " + file.string(),
                 .reason = error_text(error_number),
                 .fix = {}});
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = other.release();
    }
    return *this;
}

int Descriptor::release() {
    return std::exchange(fd_, -1);
}

void Descriptor::reset() {
    if (fd_ >= 0) (void)close(fd_);
    fd_ = -1;
}

std::string error_text(int error_number) {
    return std::system_category().message(error_number);
}

Result<std::optional<std::string>> read_file(const std::filesystem::path& file, std::size_t most) {
    const Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!opened.valid()) {
        if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
        return cannot("open", file, errno);
    }
    struct stat status = {};
    if (fstat(opened.get(), &status) != 0) return cannot("read", file, errno);
    if (S_ISDIR(status.st_mode)) return cannot("read", file, EISDIR);
    std::string contents;
    contents.resize(static_cast<std::size_t>(status.st_size) + 1);
    std::size_t filled = 0;
    for (;;) {
        if (filled == contents.size()) contents.resize(contents.size() * 2);
        const auto got = read(opened.get(), contents.data() + filled, contents.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot("read", file, errno);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
        if (filled > most) return cannot("read", file, EFBIG);
    }
    contents.resize(filled);
    return std::optional(std::move(contents));
}

Result<void> make_private_folder(const std::filesystem::path& folder) {
    if (folder.empty() || mkdir(folder.c_str(), 0700) == 0) return {};
    const int error_number = errno;
    struct stat status = {};
    if (error_number == EEXIST && stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
        return {};
    if (error_number != ENOENT)
        return cannot("make the folder", folder, error_number == EEXIST ? ENOTDIR : error_number);
    if (auto made = make_private_folder(folder.parent_path()); !made) return made;
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return cannot("make the folder", folder, errno);
    return {};
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto wrote = write(fd, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

Result<void> replace_file(const std::filesystem::path& file,
                          std::string_view contents,
                          mode_t mode) {
    if (auto made = make_private_folder(file.parent_path()); !made) return made;
    std::string sibling = file.string() + ".XXXXXX";
    const Descriptor opened(mkostemp(sibling.data(), O_CLOEXEC));
    if (!opened.valid()) return cannot("write beside", file, errno);
    if (fchmod(opened.get(), mode) == 0 && write_all(opened.get(), contents) &&
        rename(sibling.c_str(), file.c_str()) == 0) {
        return {};
    }
    const int error_number = errno;
    (void)unlink(sibling.c_str());
    return cannot("write", file, error_number);
}

}  // namespace handover::platform
