#include "cli/interrupts.hpp"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <thread>

#include "platform/terminal_mode.hpp"

namespace handover::cli {
namespace {

// Signal handlers can reach only globals.
std::atomic<int> first_signal = 0;
std::atomic<int> wake_fd = -1;  // -1: nobody watches, a signal ends the process

struct Dispositions {
    struct sigaction interrupt = {};
    struct sigaction terminate = {};
    struct sigaction broken_pipe = {};
};
Dispositions before = {};  // of the caller

static_assert(std::atomic<int>::is_always_lock_free);

// Shells report 128 + the signal's number.
constexpr int status_of(int signal_number) {
    return 128 + signal_number;
}

// Only async-signal-safe calls (signal-safety(7)).
void on_signal(int signal_number) {
    const int saved_errno = errno;
    const int earlier = first_signal.exchange(signal_number);
    const int fd = wake_fd.load();
    if (earlier != 0 || fd < 0) {
        platform::put_terminal_back();
        _exit(status_of(signal_number));
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(fd, &one, sizeof one);
    errno = saved_errno;
}

std::stop_source& source() {
    static std::stop_source stop;
    return stop;
}

void pass_on(int fd) {
    std::uint64_t count = 0;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
    source().request_stop();
}

}  // namespace

void install_signal_handlers() {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, &before.interrupt);
    (void)sigaction(SIGTERM, &action, &before.terminate);
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, &before.broken_pipe);
}

void give_back_signals() {
    (void)sigaction(SIGINT, &before.interrupt, nullptr);
    (void)sigaction(SIGTERM, &before.terminate, nullptr);
    (void)sigaction(SIGPIPE, &before.broken_pipe, nullptr);
}

std::stop_token interrupt_token() {
    return source().get_token();
}

void watch_for_interrupts() {
    static std::once_flag once;
    std::call_once(once, [] {
        const int fd = eventfd(0, EFD_CLOEXEC);
        if (fd < 0) return;
        (void)interrupt_token();  // the source exists before the thread needs it, and outlives it
        std::thread(pass_on, fd)
            .detach();  // sleeps in read() until a signal or the end of the process
        wake_fd = fd;
    });
}

std::optional<int> interrupted_status() {
    const int signal_number = first_signal.load();
    if (signal_number == 0) return std::nullopt;
    return status_of(signal_number);
}

void forget_interrupt() {
    first_signal = 0;
}

}  // namespace handover::cli
