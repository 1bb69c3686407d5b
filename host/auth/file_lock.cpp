#include "auth/file_lock.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/file.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

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

// The blocking half: takes the locks on a thread of its own.
class Waiter {
public:
    explicit Waiter(std::span<const int> descriptors)
        : descriptors_(descriptors.begin(), descriptors.end()) {
        install_wake_handler();
        thread_ = std::thread([this] { run(); });
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
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

    // True once the thread has ended, false when `until` or a stop request came first.
    bool wait_until(std::chrono::steady_clock::time_point until, const std::stop_token& stop) {
        std::unique_lock guard(mutex_);
        const auto ended = [this] { return finished_; };
        if (until == std::chrono::steady_clock::time_point::max())
            return changed_.wait(guard, stop, ended);
        return changed_.wait_until(guard, stop, until, ended);
    }

    // Ends the thread if it still waits, and says how it ended.
    int error_number() {
        const std::lock_guard guard(mutex_);
        return error_number_;
    }

private:
    void run() {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, wake_signal);
        (void)pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
        int error_number = 0;
        for (const int descriptor : descriptors_) {
            error_number = block_on(descriptor);
            if (error_number != 0) break;
        }
        const std::lock_guard guard(mutex_);
        error_number_ = error_number;
        finished_ = true;
        changed_.notify_all();
    }

    int block_on(int descriptor) {
        while (!give_up_.load()) {
            if (flock(descriptor, LOCK_EX) == 0) return 0;
            if (errno != EINTR) return errno;
        }
        return EINTR;
    }

    std::vector<int> descriptors_;
    std::atomic<bool> give_up_ = false;
    std::mutex mutex_;  // guards finished_ and error_number_
    std::condition_variable_any changed_;
    bool finished_ = false;
    int error_number_ = 0;
    std::thread thread_;
};

// How many of them could be had at once; an error number in place of the rest's.
std::size_t take_uncontended(std::span<const int> descriptors, int& error_number) {
    for (std::size_t taken = 0; taken < descriptors.size(); ++taken) {
        int result = 0;
        do {
            result = flock(descriptors[taken], LOCK_EX | LOCK_NB);
        } while (result != 0 && errno == EINTR);
        if (result == 0) continue;
        error_number = errno;
        return taken;
    }
    return descriptors.size();
}

LockOutcome wait_for(std::span<const int> rest,
                     const Patience& patience,
                     const LongWait& long_wait) {
    Waiter waiter(rest);
    const auto told_at = std::chrono::steady_clock::now() + long_wait.after;
    bool ended = waiter.wait_until(std::min(told_at, patience.deadline), patience.stop);
    if (!ended && !patience.stop.stop_requested() && told_at < patience.deadline) {
        if (long_wait.tell) long_wait.tell();
        ended = waiter.wait_until(patience.deadline, patience.stop);
    }
    if (!ended)
        return {.how = patience.stop.stop_requested() ? LockWait::stopped : LockWait::deadline};
    const int error_number = waiter.error_number();
    return {.how = error_number == 0 ? LockWait::taken : LockWait::refused,
            .error_number = error_number};
}

}  // namespace

LockOutcome lock_in_order(std::span<const int> descriptors,
                          const Patience& patience,
                          const LongWait& long_wait) {
    int error_number = 0;
    const auto taken = take_uncontended(descriptors, error_number);
    LockOutcome outcome = {.how = LockWait::taken};
    if (taken < descriptors.size()) {
        outcome = error_number == EWOULDBLOCK
                      ? wait_for(descriptors.subspan(taken), patience, long_wait)
                      : LockOutcome{.how = LockWait::refused, .error_number = error_number};
    }
    if (outcome.how == LockWait::taken) return outcome;
    for (const int descriptor : descriptors) unlock(descriptor);
    return outcome;
}

void unlock(int descriptor) {
    (void)flock(descriptor, LOCK_UN);
}

}  // namespace handover::auth
