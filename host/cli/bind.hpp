// Options structs bound to CLI11's flags. Included by command_line.cpp, command_shape.cpp and
// bind.cpp only: CLI11 is heavy.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "cli/options.hpp"

namespace handover::cli {

// Binds the flags of the command of that path ("auth login"; empty: none) to the alternative it
// puts into `invocation`. The function returned moves the parsed values into place; call it after a
// parse that succeeded.
std::function<void()> bind(CLI::App& app, const std::string& path, Invocation& invocation);

constexpr auto global_group = "Global options";
void bind_global(CLI::App& app, GlobalOptions& global);

}  // namespace handover::cli
