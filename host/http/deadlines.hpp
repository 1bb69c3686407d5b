// The deadlines of one exchange. Pure: told what time it is.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "http/transfer_error.hpp"

namespace handover::http {

using SteadyTime = std::chrono::steady_clock::time_point;

struct TransferLimits {
    std::chrono::milliseconds connect = std::chrono::seconds(10);
    std::optional<std::chrono::milliseconds> first_byte = {};
    std::optional<std::chrono::milliseconds> idle = {};
    std::optional<std::chrono::milliseconds> total = {};
    std::size_t max_head = 256U << 10U;
};

// One phase runs at a time: connect_timeout, first_byte_timeout or idle_timeout, named by how it
// would end; beside it the time in all.
class Deadlines {
public:
    explicit Deadlines(const TransferLimits& limits) : limits_(limits) {}

    void begin(SteadyTime now);  // connecting
    void enter(Ending phase, SteadyTime now);
    // A receiver that wants nothing for now: what waits for bytes does not run, and begins anew
    // afterwards.
    void suspend() { suspended_ = true; }
    void resume(SteadyTime now);

    [[nodiscard]] std::optional<SteadyTime> due() const;
    [[nodiscard]] Ending due_ending() const;  // of what is due first
    [[nodiscard]] std::chrono::milliseconds limit_of(Ending ending) const;
    [[nodiscard]] const TransferLimits& limits() const { return limits_; }

private:
    [[nodiscard]] std::optional<std::chrono::milliseconds> limit(Ending ending) const;
    [[nodiscard]] std::optional<SteadyTime> phase_due() const;

    TransferLimits limits_;
    Ending phase_ = Ending::connect_timeout;
    std::optional<SteadyTime> phase_due_ = {};
    std::optional<SteadyTime> total_due_ = {};
    bool suspended_ = false;
};

}  // namespace handover::http
