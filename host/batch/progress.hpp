// The progress line of a batch. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace handover::batch {

struct Progress {
    std::size_t total = 0;     // lines of the input
    std::size_t done = 0;      // answered, also in earlier runs
    std::size_t failed = 0;    // of those, with an error
    std::size_t this_run = 0;  // finished since this run began: what the rate counts
    std::chrono::milliseconds elapsed = {};
};

// "[#####.....]  50 % 500/1000, 3 failed, 12.5/s, 40 s left", at most `width` columns; the bar goes
// first where room is short.
std::string progress_line(const Progress& progress, std::size_t width);

}  // namespace handover::batch
