// flock(2) with a deadline and a stop token, without polling.
#pragma once

#include <chrono>
#include <functional>
#include <span>

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

void unlock(int descriptor);

}  // namespace handover::auth
