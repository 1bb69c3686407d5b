// What the streaming upstream and the client that measures its streams agree on.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

namespace handover::bench {

// The first event of a stream comes at once, each other one so many microseconds after the one
// before; with 0 they come back to back. Every event is a write of its own.
struct StreamPlan {
    std::int64_t events = 1;
    std::int64_t every_us = 0;
};

// The model's name carries the plan through whatever stands between: "stream-EVENTS-EVERY_US".
inline constexpr std::string_view plan_prefix = "stream-";

// An event's text is the CLOCK_MONOTONIC time of its write, in nanoseconds, zeros in front.
inline constexpr std::string_view stamp_prefix = R"("content":")";
inline constexpr std::size_t stamp_digits = 19;

inline std::int64_t now_ns() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

// The number that text begins with, 0 if none.
inline std::int64_t leading_number(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

[[noreturn]] inline void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

}  // namespace handover::bench
