#include "plugins/image.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "crypto/crypto.hpp"
#include "plugins/index.hpp"

namespace handover::plugins {
namespace {

constexpr std::uint64_t longest_plugin = 512U << 20U;  // bytes

// Linux 6.3 asks every memfd to say whether it will be executed; older kernels do not know the
// flags (linux/memfd.h).
constexpr unsigned memfd_noexec_seal = 0x8U;
constexpr unsigned memfd_exec = 0x10U;

Failure failed(const std::string& name, std::string_view what, int error_number) {
    return fail({.code = Errc::plugin_failed,
                 .message = fmt::format("cannot load {}: {}", name, what),
                 .reason = platform::error_text(error_number),
                 .fix = {}});
}

platform::Descriptor new_memory() {
    constexpr unsigned usual = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    for (const unsigned flags : {usual | memfd_exec, usual, usual | memfd_noexec_seal}) {
        platform::Descriptor memory(memfd_create("handover-plugin", flags));
        if (memory.valid() || (errno != EINVAL && errno != EACCES && errno != EPERM)) return memory;
    }
    return {};
}

bool copy_bytes(int from, int to, std::uint64_t most) {
    std::string buffer(256U << 10U, '\0');
    std::uint64_t copied = 0;
    for (;;) {
        const auto got = pread(from, buffer.data(), buffer.size(), static_cast<off_t>(copied));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) return true;
        copied += static_cast<std::uint64_t>(got);
        if (copied > most) return errno = EFBIG, false;
        if (!platform::write_all(to, {buffer.data(), static_cast<std::size_t>(got)})) return false;
    }
}

// The whole file, readable; sealed memory or a private 0500 copy, so that it does not shrink under
// the reader.
class Mapping {
public:
    explicit Mapping(int descriptor) {
        struct stat status = {};
        if (fstat(descriptor, &status) != 0 || status.st_size == 0) return;
        size_ = static_cast<std::size_t>(status.st_size);
        start_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() {
        if (start_ != MAP_FAILED) (void)munmap(start_, size_);
    }

    [[nodiscard]] std::string_view bytes() const {
        return start_ == MAP_FAILED ? std::string_view()
                                    : std::string_view(static_cast<const char*>(start_), size_);
    }

private:
    void* start_ = MAP_FAILED;
    std::size_t size_ = 0;
};

// Ours alone, not writable, and byte for byte the same.
bool is_our_copy(const std::filesystem::path& file, std::string_view bytes) {
    const platform::Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat status = {};
    if (!opened.valid() || fstat(opened.get(), &status) != 0) return false;
    const bool ours = S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
                      status.st_nlink == 1 && (status.st_mode & 07777U) == 0500;
    return ours && Mapping(opened.get()).bytes() == bytes;
}

}  // namespace

Result<Image> Image::copy(int file, const std::string& name) {
    struct stat before = {};
    struct stat after = {};
    if (fstat(file, &before) != 0) return failed(name, "it cannot be read", errno);
    if (static_cast<std::uint64_t>(before.st_size) > longest_plugin) {
        return fail(
            {.code = Errc::plugin_invalid,
             .message = name + " is too large for a plugin",
             .reason = fmt::format("it has {} bytes; at most {}", before.st_size, longest_plugin),
             .fix = "strip its debug information"});
    }
    auto memory = new_memory();
    if (!memory.valid()) return failed(name, "no memory file", errno);
    if (!copy_bytes(file, memory.get(), longest_plugin))
        return failed(name, "it cannot be copied", errno);
    if (fstat(file, &after) != 0 || identity_of(after) != identity_of(before)) {
        return fail({.code = Errc::plugin_invalid,
                     .message = name + " changed while it was read",
                     .reason = "it is being written in place",
                     .fix = "run the command again once it is complete; replace plugins by "
                            "renaming a new file over the old"});
    }
    if (fcntl(memory.get(),
              F_ADD_SEALS,
              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
        return failed(name, "its copy cannot be sealed", errno);
    }
    return Image(std::move(memory));
}

std::string Image::sha256() const {
    return crypto::hex(crypto::sha256(Mapping(descriptor()).bytes()));
}

bool Image::can_execute() const {
    constexpr std::size_t any_size = 1;  // the kernel rounds up to a page
    void* page = mmap(nullptr, any_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor(), 0);
    if (page == MAP_FAILED) return false;
    (void)munmap(page, any_size);
    return true;
}

Result<std::filesystem::path> Image::loadable_path(const std::filesystem::path& copies) const {
    if (can_execute() || copies.empty())
        return std::filesystem::path(fmt::format("/proc/self/fd/{}", descriptor()));
    return executable_copy(copies);
}

Result<std::filesystem::path> Image::executable_copy(const std::filesystem::path& copies) const {
    const Mapping mapping(descriptor());
    auto file = copies / (sha256() + ".so");
    if (is_our_copy(file, mapping.bytes())) return file;
    if (auto written = platform::replace_file(file, mapping.bytes(), 0500); !written)
        return written.failure();
    return file;
}

}  // namespace handover::plugins
