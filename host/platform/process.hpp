// Child processes, started without a shell.
#pragma once

#include <handover/result.hpp>

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace handover::platform {

struct Spawn {
    std::vector<std::string> argv = {};  // argv[0] is looked up in PATH unless it holds a '/'
    std::vector<std::string> without_environment = {};  // variables that the child does not get
    bool new_session = false;    // setsid: no terminal, no signals of the caller's terminal
    std::vector<int> keep = {};  // further descriptors the child inherits, under the same numbers
};

// Starts the child with stdin, stdout and stderr on /dev/null; nothing else is inherited but
// `keep`.
Result<pid_t> spawn(const Spawn& child);

// What this process becomes: argv[0] is looked up in PATH unless it holds a '/'.
struct Program {
    std::vector<std::string> argv = {};
    std::vector<std::string> without_environment = {};  // variables that it does not get
    std::vector<std::string> environment = {};          // "NAME=value", over those of this process
};

// Comes back only where that fails, with the errno.
int become(Program program);

// How a child ended. `exited` with its status, or `signalled` with the signal's number; neither: it
// did not end in time and was killed.
struct Ended {
    std::optional<int> exited = {};
    std::optional<int> signalled = {};
};
Ended wait_or_kill(pid_t child, std::chrono::milliseconds at_most);

// Waits for the end of a child that goes on if we do not: nothing if `stop` was requested first.
// The child is then left alone; it is reaped by whoever inherits it.
std::optional<Ended> wait_unless_stopped(pid_t child, const std::stop_token& stop);

// Closes every descriptor from 3 on but these: what a caller's caller left open for its children is
// none of ours.
void close_all_but(std::vector<int> kept);

// The file of the running program (/proc/self/exe resolved).
std::string own_executable();

}  // namespace handover::platform
