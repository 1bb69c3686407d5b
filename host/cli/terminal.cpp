#include "cli/terminal.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

#include "platform/files.hpp"
#include "platform/terminal_mode.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

constexpr std::size_t longest_input = 64U << 20U;

// The reader went away (`handover ... | head`): end as git does, quietly and by the signal.
void end_by_sigpipe() {
    (void)signal(SIGPIPE, SIG_DFL);
    (void)raise(SIGPIPE);
}

void write_out(std::string_view bytes) {
    if (platform::write_all(STDOUT_FILENO, bytes)) return;
    const int error_number = errno;
    if (error_number == EPIPE) end_by_sigpipe();
    const auto line =
        "error: cannot write to standard output: " + platform::error_text(error_number) +
        " [INTERNAL]\n";
    (void)platform::write_all(STDERR_FILENO, line);
    _exit(1);
}

// Every byte that a terminal could not take for anything else than text.
bool is_plain(std::string_view bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](char c) {
        return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t';
    });
}

// Nothing on stdout is meant for the terminal itself: what would move it comes from outside, as in
// the JSON that an upstream sent. Plain text is not copied: it may be a token.
std::function<void(std::string_view)> to_terminal() {
    return [carry = std::string()](std::string_view bytes) mutable {
        if (carry.empty() && is_plain(bytes)) return write_out(bytes);
        write_out(text::printable_stream(bytes, carry));
    };
}

Failure cannot_read(int error_number) {
    return fail({.code = Errc::usage,
                 .message = "cannot read standard input",
                 .reason = platform::error_text(error_number),
                 .fix = {}});
}

Failure cancelled() {
    return fail({.code = Errc::auth_cancelled, .message = "cancelled", .reason = {}, .fix = {}});
}

Result<std::string> read_all_input() {
    std::string input;
    char chunk[16384];
    while (true) {
        const auto got = ::read(STDIN_FILENO, chunk, sizeof chunk);
        if (got == 0) return input;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot_read(errno);
        input.append(chunk, static_cast<std::size_t>(got));
        if (input.size() > longest_input) {
            wipe(input);
            return fail({.code = Errc::usage,
                         .message = "standard input is longer than 64 MiB",
                         .reason = {},
                         .fix = {}});
        }
    }
}

// No echo and no line buffer (a terminal line ends at 4,095 bytes, keys may be longer); put back on
// every way out, also by a signal.
void hide_typing(std::optional<platform::TerminalMode>& mode) {
    termios saved = {};
    if (tcgetattr(STDIN_FILENO, &saved) != 0) return;
    auto raw = saved;
    raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);
    mode.emplace(STDIN_FILENO, saved, raw, TCSAFLUSH);
}

// Takes one typed byte into `line`; true when the line is complete.
bool take(char typed, std::string& line) {
    constexpr char backspace = 0x7f;
    constexpr char kill_line = 0x15;  // Ctrl-U
    if (typed == '\n' || typed == '\r') return true;
    if (typed == backspace || typed == '\b') {
        if (!line.empty()) line.pop_back();
    } else if (typed == kill_line) {
        wipe(line);
    } else {
        line.push_back(typed);
    }
    return false;
}

Result<Secret> ask_secret(const std::string& prompt) {
    constexpr char end_of_input = 0x04;  // Ctrl-D
    (void)platform::write_all(STDERR_FILENO, prompt);
    std::optional<platform::TerminalMode> hidden;
    hide_typing(hidden);
    std::string line;
    char typed = 0;
    while (true) {
        const auto got = ::read(STDIN_FILENO, &typed, 1);
        if (got < 0 && errno == EINTR) continue;
        const bool ended = got <= 0 || (typed == end_of_input && line.empty());
        if (!ended && !take(typed, line)) continue;
        (void)platform::write_all(STDERR_FILENO, "\n");
        if (!ended) return Secret(std::move(line));
        wipe(line);
        return cancelled();
    }
}

Result<bool> confirm(const std::string& question) {
    (void)platform::write_all(STDERR_FILENO, question + " [y/N] ");
    std::string answer;
    char typed = 0;
    while (true) {
        const auto got = ::read(STDIN_FILENO, &typed, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || typed == '\n') break;
        answer.push_back(typed);
    }
    return answer == "y" || answer == "Y" || answer == "yes";
}

// One that takes no escape sequences.
bool is_dumb_terminal() {
    const char* term = std::getenv("TERM");
    return term == nullptr || std::string_view(term) == "dumb";
}

// https://no-color.org: set and not empty.
bool environment_refuses_color() {
    const char* no_color = std::getenv("NO_COLOR");
    return (no_color != nullptr && *no_color != '\0') || is_dumb_terminal();
}

bool use_color(ColorWhen when, bool terminal) {
    if (when != ColorWhen::automatic) return when == ColorWhen::always;
    return terminal && !environment_refuses_color();
}

std::size_t columns_of(int fd) {
    constexpr std::size_t usual = 80;
    winsize size = {};
    const bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : usual;
}

}  // namespace

Streams process_streams(ColorWhen color) {
    Streams streams;
    streams.out = isatty(STDOUT_FILENO) == 1 ? to_terminal() : write_out;
    streams.err = [](std::string_view bytes) { (void)platform::write_all(STDERR_FILENO, bytes); };
    streams.read_input = read_all_input;
    streams.ask_secret = ask_secret;
    streams.confirm = confirm;
    streams.err_width = [] { return columns_of(STDERR_FILENO); };
    streams.out_width = [] { return isatty(STDOUT_FILENO) == 1 ? columns_of(STDOUT_FILENO) : 0; };
    streams.in_is_terminal = isatty(STDIN_FILENO) == 1;
    streams.out_is_terminal = isatty(STDOUT_FILENO) == 1;
    streams.err_is_terminal = isatty(STDERR_FILENO) == 1;
    streams.err_redraws = streams.err_is_terminal && !is_dumb_terminal();
    streams.color = use_color(color, streams.err_is_terminal);
    return streams;
}

}  // namespace handover::cli
