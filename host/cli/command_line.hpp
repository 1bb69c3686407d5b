// argv to options. Pure: prints nothing, reads nothing; --help and --version come back as text to
// show.
#pragma once

#include <handover/result.hpp>

#include <span>
#include <string>
#include <vector>

#include "cli/options.hpp"

namespace handover::cli {

// `arguments` without the program's name. USAGE with the nearest command or option for what nobody
// knows.
Result<Invocation> parse_command_line(std::span<const std::string> arguments);

struct CommandWords {
    std::vector<std::string> path = {};  // the command's words, at most two
    std::vector<std::string> rest = {};  // everything else, in order
};

// Which words of a command line, perhaps of an unfinished one, name the command: its options and
// the global ones may stand before or after them.
CommandWords split_command(std::span<const std::string> arguments);

// True if the command line asks for JSON, also where it could not be parsed: errors then are JSON
// too.
bool wants_json(std::span<const std::string> arguments);

}  // namespace handover::cli
