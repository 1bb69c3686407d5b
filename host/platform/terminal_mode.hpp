// A terminal with other settings for a while. They are put back on every way out: at the end of the
// object, by a signal that ends the process, and while it is stopped (Ctrl-Z), after which they are
// set again.
#pragma once

#include <termios.h>

namespace handover::platform {

// One at a time in a process.
class TerminalMode {
public:
    // Sets `changed` on the terminal `fd`, at `when` (TCSANOW, TCSAFLUSH); `saved` is what it was
    // before.
    TerminalMode(int fd, const termios& saved, const termios& changed, int when);
    TerminalMode(const TerminalMode&) = delete;
    TerminalMode& operator=(const TerminalMode&) = delete;
    // What was typed and not read is thrown away.
    ~TerminalMode();

    [[nodiscard]] bool set() const { return set_; }

private:
    bool set_ = false;
};

// For handlers of signals that end the process: async-signal-safe (signal-safety(7)). Nothing where
// no mode is set.
void put_terminal_back();

}  // namespace handover::platform
