#include "auth/turnstile.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string>

namespace handover::auth {
namespace {

using platform::Descriptor;

constexpr std::size_t pid_digits = 10;

Failure cannot(const std::string& what, const std::filesystem::path& file, int error_number) {
    return fail(
        {.code = Errc::store_io,
         .message = "cannot " + what + " " + file.string(),
         .reason = platform::error_text(error_number),
         .fix = "handover keeps leases in " + file.parent_path().string() + ": make it writable"});
}

Result<Descriptor> open_lock_file(const std::filesystem::path& file) {
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
    Descriptor opened(open(file.c_str(), flags, 0600));
    if (!opened.valid() && errno == ENOENT) {
        if (auto made = platform::make_private_folder(file.parent_path()); !made)
            return made.failure();
        opened = Descriptor(open(file.c_str(), flags, 0600));
    }
    if (!opened.valid()) return cannot("open", file, errno);
    return opened;
}

void write_pid(int fd) {
    auto digits = std::to_string(getpid());
    digits = std::string(pid_digits - std::min(pid_digits, digits.size()), ' ') + digits + "\n";
    // Only shown to people: a disk that is full must not stop a request.
    [[maybe_unused]] const auto wrote = pwrite(fd, digits.data(), digits.size(), 0);
}

std::optional<long> read_pid(int fd) {
    std::array<char, pid_digits + 1> text = {};
    const auto got = pread(fd, text.data(), text.size(), 0);
    if (got <= 0) return std::nullopt;
    const auto* begin = text.data();
    const auto* end = begin + got;
    while (begin != end && *begin == ' ') ++begin;
    long pid = 0;
    return std::from_chars(begin, end, pid).ec == std::errc() && pid > 0 ? std::optional(pid)
                                                                         : std::nullopt;
}

}  // namespace

Result<bool> Turnstile::try_pass() {
    if (auto opened = open_files(); !opened) return opened.failure();
    const auto outcome = try_lock_in_order(std::array{turn_.get(), lease_.get()});
    if (outcome.how == LockWait::refused) return cannot_lock(outcome.error_number);
    if (outcome.how != LockWait::taken) return false;
    taken();
    return true;
}

Result<bool> Turnstile::pass(LockThread& thread) {
    for (;;) {
        if (auto opened = open_files(); !opened) return opened.failure();
        int error_number = thread.block_on(turn_.get());
        if (error_number == 0) error_number = thread.block_on(lease_.get());
        if (error_number == 0 && in_place()) {
            taken();
            return true;
        }
        unlock(lease_.get());
        unlock(turn_.get());
        if (error_number == EINTR) return false;
        if (error_number != 0) return cannot_lock(error_number);
    }
}

void Turnstile::leave() {
    unlock(lease_.get());
}

// Files that were removed from under us lock nobody out.
bool Turnstile::in_place() const {
    struct stat status = {};
    return lease_.valid() && fstat(lease_.get(), &status) == 0 && status.st_nlink > 0;
}

Result<void> Turnstile::open_files() {
    if (in_place()) return {};
    auto turn = open_lock_file(stem_.string() + ".turn");
    if (!turn) return turn.failure();
    auto lease = open_lock_file(stem_.string() + ".lease");
    if (!lease) return lease.failure();
    turn_ = std::move(*turn);
    lease_ = std::move(*lease);
    return {};
}

Failure Turnstile::cannot_lock(int error_number) const {
    return cannot("lock", stem_.string() + ".lease", error_number);
}

void Turnstile::taken() {
    write_pid(lease_.get());
    unlock(turn_.get());
}

std::optional<long> lease_holder(const std::filesystem::path& stem) {
    const Descriptor file(
        open((stem.string() + ".lease").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.valid()) return std::nullopt;
    // Free if it can be shared for a moment; a holder that died is not one.
    if (flock(file.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
    return read_pid(file.get());
}

}  // namespace handover::auth
