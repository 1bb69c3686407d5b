// Small files, read whole and replaced atomically. What must survive a power failure (credentials)
// has a protocol of its own in host/auth; these are for config, caches and results.
#pragma once

#include <handover/result.hpp>

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace handover::platform {

// Owns a file descriptor. Always opened with O_CLOEXEC by the functions here.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool valid() const { return fd_ >= 0; }
    int release();
    void reset();

private:
    int fd_ = -1;
};

// "Permission denied" and the like; thread-safe.
std::string error_text(int error_number);

// The whole file, nothing if there is none; an error (STORE_IO) if it cannot be read or is longer
// than `most`.
Result<std::optional<std::string>> read_file(const std::filesystem::path& file,
                                             std::size_t most = 16U << 20U);

// Writes a sibling, then renames it over `file`; makes missing parent folders with mode 0700.
// Readers see the old or the new contents.
Result<void> replace_file(const std::filesystem::path& file,
                          std::string_view contents,
                          mode_t mode = 0600);

// mkdir -p with mode 0700 for what is missing.
Result<void> make_private_folder(const std::filesystem::path& folder);

// All of it, however many writes it takes; false with errno set.
bool write_all(int fd, std::string_view bytes);

}  // namespace handover::platform
