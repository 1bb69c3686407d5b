// flock(2) with a deadline and a stop token, without polling.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <thread>

#include "auth/patience.hpp"

namespace handover::auth {

enum class LockWait { taken, deadline, stopped, refused };
struct LockOutcome {
    LockWait how = LockWait::refused;
    int error_number = 0;  // refused: what flock said
};

// Told once, on the waiting thread, when the wait has lasted `after`.
struct LongWait {
    std::chrono::milliseconds after = std::chrono::seconds(2);
    std::function<void()> tell = {};
};

// Takes the exclusive flock of each descriptor, in order. Uncontended that is one system call each.
// Otherwise a thread of its own blocks in flock, and is woken by a signal (SIGURG, whose default is
// to be ignored) at the deadline or on a stop request. Unless `taken`, none of them is held
// afterwards.
LockOutcome lock_in_order(std::span<const int> descriptors,
                          const Patience& patience,
                          const LongWait& long_wait = {});

// Without waiting; false if one of them is somebody else's. Unless `taken`, none is held
// afterwards, and `how` is `deadline` where waiting would help.
LockOutcome try_lock_in_order(std::span<const int> descriptors);

void unlock(int descriptor);

// A thread that may block in flock. Its destructor wakes it and waits until `body` has returned.
class LockThread {
public:
    explicit LockThread(std::function<void(LockThread&)> body);
    LockThread(const LockThread&) = delete;
    LockThread& operator=(const LockThread&) = delete;
    ~LockThread();

    // For the body. 0: it is locked; EINTR: the thread is to end; else what flock said.
    int block_on(int descriptor);

private:
    void run();

    std::function<void(LockThread&)> body_;
    std::atomic<bool> give_up_ = false;
    std::mutex mutex_;  // guards finished_
    std::condition_variable changed_;
    bool finished_ = false;
    std::thread thread_;
};

}  // namespace handover::auth
