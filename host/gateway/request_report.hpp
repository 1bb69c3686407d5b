// What is left of a request: its line in the log and its counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "gateway/client_request.hpp"
#include "gateway/metrics.hpp"

namespace handover::gateway {

struct AnswerFacts {
    int status = 0;  // 0: none was given
    std::uint64_t body_bytes = 0;
    bool complete = true;
    std::optional<std::chrono::steady_clock::time_point> first_byte = {};
    std::chrono::steady_clock::time_point ended = {};
};

// The time that the gateway itself added before the first byte of the answer; nothing unless all
// of its parts are known.
std::optional<std::chrono::nanoseconds> added_time(const ClientRequest& request,
                                                   const AnswerFacts& facts);

// One line at level info, and the counts. `metrics` is the loop's.
void report_request(const ClientRequest& request, const AnswerFacts& facts, LoopMetrics& metrics);

}  // namespace handover::gateway
