// Times and durations as users and files spell them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace handover {

// Points in time are system time (what tokens and files speak of); waiting is done on the steady
// clock.
using Time = std::chrono::system_clock::time_point;
using Milliseconds = std::chrono::milliseconds;

namespace text {

// RFC 3339 in UTC with whole seconds: 2026-11-22T17:00:00Z.
std::string format_rfc3339(Time time);

// Any RFC 3339 date-time (fraction and offset allowed); nothing otherwise. Before 1970 or after
// 2250 it is the nearest of these years' beginnings.
std::optional<Time> parse_rfc3339(std::string_view text);

// DURATION: an integer (seconds) or one with ms, s, m, h, d. Nothing on anything else, a negative
// one or one over 10 years.
std::optional<Milliseconds> parse_duration(std::string_view text);

// For people: "45 s", "12 min", "3 h 5 min", "9 d 2 h".
std::string describe_duration(Milliseconds duration);

}  // namespace text
}  // namespace handover
