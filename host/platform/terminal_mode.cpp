#include "platform/terminal_mode.hpp"

#include <signal.h>

#include <atomic>
#include <cerrno>

namespace handover::platform {
namespace {

// Signal handlers can reach only globals. Written while the handler is not installed.
std::atomic<int> terminal = -1;  // -1: no mode is set
termios saved_settings = {};
termios changed_settings = {};
struct sigaction before = {};  // of SIGTSTP

static_assert(std::atomic<int>::is_always_lock_free);

void on_stop(int signal_number);

void handle_stops() {
    struct sigaction action = {};
    action.sa_handler = on_stop;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTSTP, &action, nullptr);
}

// Puts the terminal back, stops as without a handler, and goes on here after SIGCONT. Continued in
// the background, the kernel stops the process again when it touches the terminal, until it is in
// the foreground: so nothing is ever typed with echo.
void on_stop(int signal_number) {
    const int saved_errno = errno;
    put_terminal_back();
    struct sigaction by_default = {};
    by_default.sa_handler = SIG_DFL;
    (void)sigaction(signal_number, &by_default, nullptr);
    (void)raise(signal_number);
    sigset_t only_this;
    sigset_t blocked;
    sigemptyset(&only_this);
    sigaddset(&only_this, signal_number);
    (void)pthread_sigmask(SIG_UNBLOCK, &only_this, &blocked);  // stops here
    (void)pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
    if (const int fd = terminal.load(); fd >= 0) {
        handle_stops();
        (void)tcsetattr(fd, TCSADRAIN, &changed_settings);
    }
    errno = saved_errno;
}

}  // namespace

TerminalMode::TerminalMode(int fd, const termios& saved, const termios& changed, int when) {
    saved_settings = saved;
    changed_settings = changed;
    terminal = fd;
    (void)sigaction(SIGTSTP, nullptr, &before);
    // Where it is ignored nobody could continue us.
    if (before.sa_handler == SIG_DFL) handle_stops();
    set_ = tcsetattr(fd, when, &changed) == 0;
    if (!set_) terminal = -1;
}

TerminalMode::~TerminalMode() {
    (void)sigaction(SIGTSTP, &before, nullptr);
    const int fd = terminal.exchange(-1);
    if (fd >= 0) (void)tcsetattr(fd, TCSAFLUSH, &saved_settings);
}

void put_terminal_back() {
    if (const int fd = terminal.load(); fd >= 0) (void)tcsetattr(fd, TCSANOW, &saved_settings);
}

}  // namespace handover::platform
