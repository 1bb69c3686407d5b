// Child processes, started without a shell.
#pragma once

#include <handover/result.hpp>

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace handover::platform {

struct Spawn {
    std::vector<std::string> argv = {};  // argv[0] is looked up in PATH unless it holds a '/'
    std::vector<std::string> without_environment = {};  // variables that the child does not get
    bool new_session = false;      // setsid: no terminal, no signals of the caller's terminal
    std::optional<int> keep = {};  // one more descriptor the child inherits, under the same number
};

// Starts the child with stdin, stdout and stderr on /dev/null; nothing else is inherited but
// `keep`.
Result<pid_t> spawn(const Spawn& child);

// How a child ended. `exited` with its status, or `signalled` with the signal's number; neither: it
// did not end in time and was killed.
struct Ended {
    std::optional<int> exited = {};
    std::optional<int> signalled = {};
};
Ended wait_or_kill(pid_t child, std::chrono::milliseconds at_most);

// The file of the running program (/proc/self/exe resolved).
std::string own_executable();

}  // namespace handover::platform
