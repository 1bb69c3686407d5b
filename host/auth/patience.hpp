// How long a caller waits, and what ends the wait earlier.
#pragma once

#include <chrono>
#include <stop_token>

namespace handover::auth {

struct Patience {
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    std::stop_token stop = {};
};

}  // namespace handover::auth
