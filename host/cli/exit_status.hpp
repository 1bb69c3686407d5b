// Exit statuses by family of error: the one table that maps a code to what the shell sees.
#pragma once

#include <handover/error.hpp>

namespace handover::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_internal = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_config = 3;
inline constexpr int exit_authentication = 4;
inline constexpr int exit_provider = 5;
inline constexpr int exit_plugin = 6;
inline constexpr int exit_lines_failed = 7;  // of a batch

int exit_status(Errc code);

}  // namespace handover::cli
