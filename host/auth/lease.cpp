#include "auth/lease.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "auth/file_lock.hpp"
#include "crypto/crypto.hpp"
#include "platform/files.hpp"

namespace handover::auth {
namespace {

using platform::Descriptor;

constexpr auto told_after = std::chrono::seconds(2);
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

// The two files of a subject. Who wants the lease takes `turn`, then `lease`, then gives `turn`
// back: so at most one waiter per machine waits for `lease` itself, the others stand at `turn` in
// the kernel's order, and nobody who has just released it overtakes.
struct Turnstile {
    std::filesystem::path stem = {};
    Descriptor turn = {};
    Descriptor lease = {};

    Result<void> open_files() {
        struct stat status = {};
        // Files that were removed from under us lock nobody out.
        if (lease.valid() && fstat(lease.get(), &status) == 0 && status.st_nlink > 0) return {};
        auto opened_turn = open_lock_file(stem.string() + ".turn");
        if (!opened_turn) return opened_turn.failure();
        auto opened_lease = open_lock_file(stem.string() + ".lease");
        if (!opened_lease) return opened_lease.failure();
        turn = std::move(*opened_turn);
        lease = std::move(*opened_lease);
        return {};
    }
};

struct Ticket {
    std::condition_variable_any called;
};

// One subject in this process: who is next, and the files.
struct Subject {
    std::mutex mutex;           // guards queue
    std::deque<Ticket*> queue;  // the front holds the lease or is taking it
    Turnstile turnstile;        // the front's alone

    // Waits until the ticket is at the front; false at the deadline or on a stop request.
    bool wait_for_front(Ticket& ticket,
                        std::unique_lock<std::mutex>& guard,
                        std::chrono::steady_clock::time_point until,
                        const std::stop_token& stop) {
        const auto at_front = [&] { return queue.front() == &ticket; };
        if (until == std::chrono::steady_clock::time_point::max())
            return ticket.called.wait(guard, stop, at_front);
        return ticket.called.wait_until(guard, stop, until, at_front);
    }

    void leave(Ticket& ticket) {
        const std::lock_guard guard(mutex);
        std::erase(queue, &ticket);
        if (!queue.empty()) queue.front()->called.notify_all();
    }
};

Failure not_taken(LockWait how, std::optional<long> holder) {
    if (how == LockWait::stopped) {
        return fail({.code = Errc::auth_cancelled,
                     .message = "cancelled while waiting for another request"});
    }
    const auto who = holder ? "process " + std::to_string(*holder) + " has one in flight"
                            : "another one is in flight";
    return fail(
        {.code = Errc::provider_unavailable,
         .message =
             "the subscription runs one request at a time, and its turn did not come in time",
         .reason = who,
         .fix = "wait for it to finish, or allow a longer time"});
}

}  // namespace

class Lease::Held {
public:
    Held(std::shared_ptr<Subject> subject, std::unique_ptr<Ticket> ticket)
        : subject_(std::move(subject)), ticket_(std::move(ticket)) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() {
        // The file first: so that other processes have their turn before the next of ours.
        unlock(subject_->turnstile.lease.get());
        subject_->leave(*ticket_);
    }

private:
    std::shared_ptr<Subject> subject_;
    std::unique_ptr<Ticket> ticket_;
};

Lease::Lease() = default;
Lease::Lease(std::unique_ptr<Held> held) : held_(std::move(held)) {}
Lease::Lease(Lease&&) noexcept = default;
Lease& Lease::operator=(Lease&&) noexcept = default;
Lease::~Lease() = default;

class LeaseTable::Impl {
public:
    explicit Impl(std::filesystem::path folder) : folder_(std::move(folder)) {}

    Result<Lease> take(const std::string& name,
                       const Patience& patience,
                       const std::function<void(std::optional<long>)>& waiting) {
        auto subject = subject_of(name);
        auto ticket = std::make_unique<Ticket>();
        const auto told_at = std::chrono::steady_clock::now() + told_after;
        bool told = !waiting;
        if (const auto ended = queue_up(*subject, *ticket, patience, [&] {
                if (!std::exchange(told, true)) waiting(getpid());
            })) {
            subject->leave(*ticket);
            return not_taken(*ended, getpid());
        }
        const auto taken =
            pass_turnstile(subject->turnstile, patience, told_at, [&](std::optional<long> holder) {
                if (!std::exchange(told, true)) waiting(holder);
            });
        if (!taken) {
            subject->leave(*ticket);
            return taken.failure();
        }
        return Lease(std::make_unique<Lease::Held>(std::move(subject), std::move(ticket)));
    }

    std::optional<long> holder(const std::string& name) {
        const auto stem = stem_of(name);
        const Descriptor file(
            open((stem.string() + ".lease").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (!file.valid()) return std::nullopt;
        // Free if it can be shared for a moment; a holder that died is not one.
        if (flock(file.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
        return read_pid(file.get());
    }

private:
    std::filesystem::path stem_of(const std::string& name) {
        return folder_ / crypto::hex(crypto::sha256(name));
    }

    std::shared_ptr<Subject> subject_of(const std::string& name) {
        const std::lock_guard guard(mutex_);
        if (const auto found = subjects_.find(name); found != subjects_.end()) return found->second;
        auto subject = std::make_shared<Subject>();
        subject->turnstile.stem = stem_of(name);
        subjects_[name] = subject;
        return subject;
    }

    // Nothing once the ticket is at the front; else what ended the wait.
    static std::optional<LockWait> queue_up(Subject& subject,
                                            Ticket& ticket,
                                            const Patience& patience,
                                            const std::function<void()>& tell) {
        std::unique_lock guard(subject.mutex);
        subject.queue.push_back(&ticket);
        if (subject.queue.front() == &ticket) return std::nullopt;
        const auto told_at = std::chrono::steady_clock::now() + told_after;
        if (subject.wait_for_front(
                ticket, guard, std::min(told_at, patience.deadline), patience.stop))
            return std::nullopt;
        if (!patience.stop.stop_requested() && told_at < patience.deadline) {
            guard.unlock();
            tell();
            guard.lock();
            if (subject.wait_for_front(ticket, guard, patience.deadline, patience.stop))
                return std::nullopt;
        }
        return patience.stop.stop_requested() ? LockWait::stopped : LockWait::deadline;
    }

    static Result<void> pass_turnstile(Turnstile& turnstile,
                                       const Patience& patience,
                                       std::chrono::steady_clock::time_point told_at,
                                       const std::function<void(std::optional<long>)>& tell) {
        if (auto opened = turnstile.open_files(); !opened) return opened;
        const int lease = turnstile.lease.get();
        const std::array descriptors = {turnstile.turn.get(), lease};
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            told_at - std::chrono::steady_clock::now());
        const LongWait long_wait = {.after = std::max(left, std::chrono::milliseconds(0)),
                                    .tell = [&] { tell(read_pid(lease)); }};
        const auto outcome = lock_in_order(descriptors, patience, long_wait);
        if (outcome.how == LockWait::refused)
            return cannot("lock", turnstile.stem, outcome.error_number);
        if (outcome.how != LockWait::taken) return not_taken(outcome.how, read_pid(lease));
        write_pid(lease);
        unlock(turnstile.turn.get());
        return {};
    }

    std::filesystem::path folder_;
    std::mutex mutex_;                                          // guards subjects_
    std::map<std::string, std::shared_ptr<Subject>> subjects_;  // few: one per account in use
};

LeaseTable::LeaseTable(std::filesystem::path folder)
    : impl_(std::make_shared<Impl>(std::move(folder))) {}
LeaseTable::~LeaseTable() = default;

Result<Lease> LeaseTable::take(const std::string& subject,
                               const Patience& patience,
                               const std::function<void(std::optional<long> holder)>& waiting) {
    return impl_->take(subject, patience, waiting);
}

std::optional<long> LeaseTable::holder(const std::string& subject) {
    return impl_->holder(subject);
}

}  // namespace handover::auth
