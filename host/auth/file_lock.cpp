#include "auth/file_lock.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "platform/signals.hpp"

namespace handover::auth {
namespace {

constexpr int wake_signal = SIGURG;

// A handler without SA_RESTART, so that the signal ends a blocking flock with EINTR. It does
// nothing else. A handler that somebody set before us stays: it interrupts as well unless it
// restarts system calls, and nothing else here sets one.
void install_wake_handler() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action = {};
        action.sa_handler = [](int) {};
        sigemptyset(&action.sa_mask);
        (void)sigaction(wake_signal, &action, nullptr);
    });
}

// How a wait for a list of locks ended, told by the thread that blocks.
class Ending {
public:
    void tell(int error_number) {
        const std::lock_guard guard(mutex_);
        error_number_ = error_number;
        ended_ = true;
        changed_.notify_all();
    }

    // True once it has ended, false when `until` or a stop request came first.
    bool wait_until(std::chrono::steady_clock::time_point until, const std::stop_token& stop) {
        std::unique_lock guard(mutex_);
        const auto ended = [this] { return ended_; };
        if (until == std::chrono::steady_clock::time_point::max())
            return changed_.wait(guard, stop, ended);
        return changed_.wait_until(guard, stop, until, ended);
    }

    int error_number() {
        const std::lock_guard guard(mutex_);
        return error_number_;
    }

private:
    std::mutex mutex_;  // guards ended_ and error_number_
    std::condition_variable_any changed_;
    bool ended_ = false;
    int error_number_ = 0;
};

int try_lock(int descriptor) {
    int result = 0;
    do {
        result = flock(descriptor, LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

// How many of them could be had at once; an error number in place of the rest's.
std::size_t take_uncontended(std::span<const int> descriptors, int& error_number) {
    for (std::size_t taken = 0; taken < descriptors.size(); ++taken) {
        error_number = try_lock(descriptors[taken]);
        if (error_number != 0) return taken;
    }
    return descriptors.size();
}

LockOutcome refused_or_busy(int error_number) {
    return error_number == EWOULDBLOCK
               ? LockOutcome{.how = LockWait::deadline}
               : LockOutcome{.how = LockWait::refused, .error_number = error_number};
}

LockOutcome wait_for(std::span<const int> rest,
                     const Patience& patience,
                     const LongWait& long_wait) {
    Ending ending;
    const LockThread thread([&](LockThread& self) {
        int error_number = 0;
        for (const int descriptor : rest) {
            error_number = self.block_on(descriptor);
            if (error_number != 0) break;
        }
        ending.tell(error_number);
    });
    const auto told_at = std::chrono::steady_clock::now() + long_wait.after;
    bool ended = ending.wait_until(std::min(told_at, patience.deadline), patience.stop);
    if (!ended && !patience.stop.stop_requested() && told_at < patience.deadline) {
        if (long_wait.tell) long_wait.tell();
        ended = ending.wait_until(patience.deadline, patience.stop);
    }
    if (!ended)
        return {.how = patience.stop.stop_requested() ? LockWait::stopped : LockWait::deadline};
    const int error_number = ending.error_number();
    return {.how = error_number == 0 ? LockWait::taken : LockWait::refused,
            .error_number = error_number};
}

void unlock_all(std::span<const int> descriptors) {
    for (const int descriptor : descriptors) unlock(descriptor);
}

}  // namespace

LockOutcome lock_in_order(std::span<const int> descriptors,
                          const Patience& patience,
                          const LongWait& long_wait) {
    int error_number = 0;
    const auto taken = take_uncontended(descriptors, error_number);
    if (taken == descriptors.size()) return {.how = LockWait::taken};
    auto outcome = refused_or_busy(error_number);
    if (outcome.how == LockWait::deadline)
        outcome = wait_for(descriptors.subspan(taken), patience, long_wait);
    if (outcome.how != LockWait::taken) unlock_all(descriptors);
    return outcome;
}

LockOutcome try_lock_in_order(std::span<const int> descriptors) {
    int error_number = 0;
    const auto taken = take_uncontended(descriptors, error_number);
    if (taken == descriptors.size()) return {.how = LockWait::taken};
    unlock_all(descriptors.first(taken));
    return refused_or_busy(error_number);
}

void unlock(int descriptor) {
    (void)flock(descriptor, LOCK_UN);
}

LockThread::LockThread(std::function<void(LockThread&)> body) : body_(std::move(body)) {
    install_wake_handler();
    const platform::SignalsBlocked blocked;
    thread_ = std::thread([this] { run(); });
}

LockThread::~LockThread() {
    give_up_.store(true);
    std::unique_lock guard(mutex_);
    while (!finished_) {
        // The signal may arrive before flock is entered and be lost: it is repeated until the
        // thread has answered.
        (void)pthread_kill(thread_.native_handle(), wake_signal);
        (void)changed_.wait_for(guard, std::chrono::milliseconds(1));
    }
    guard.unlock();
    thread_.join();
}

int LockThread::block_on(int descriptor) {
    while (!give_up_.load()) {
        if (flock(descriptor, LOCK_EX) == 0) return 0;
        if (errno != EINTR) return errno;
    }
    return EINTR;
}

void LockThread::run() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, wake_signal);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    body_(*this);
    const std::lock_guard guard(mutex_);
    finished_ = true;
    changed_.notify_all();
}

}  // namespace handover::auth
