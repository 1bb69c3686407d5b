#include "auth/login/pasted_line.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "secret/secret.hpp"

namespace handover::auth::login {
namespace {

constexpr std::size_t longest_line = 64U << 10U;
constexpr char escape_key = '\x1b';
constexpr char erase_line_key = '\x15';  // Ctrl-U
constexpr char end_key = '\x04';         // Ctrl-D

bool is_foreground(int fd) {
    return tcgetpgrp(fd) == getpgrp();
}

// A terminal without echo and line editing; Ctrl-C still makes its signal, and Return still ends a
// line.
termios for_pasting(termios settings) {
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | IEXTEN);
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    return settings;
}

}  // namespace

LineAssembler::~LineAssembler() {
    wipe(line_);
}

// Escape sequences are keys and the marks of a bracketed paste (ESC [ 200 ~): no part of a URL.
bool LineAssembler::skip_escape(char c) {
    if (input_ == Input::pipe) return false;
    if (c == escape_key) {
        escape_ = Escape::begun;
        return true;
    }
    if (escape_ == Escape::none) return false;
    if (escape_ == Escape::begun && c == '[') {
        escape_ = Escape::sequence;
        return true;
    }
    const bool ends = escape_ == Escape::begun || (c >= '@' && c <= '~');
    if (ends) escape_ = Escape::none;
    return true;
}

void LineAssembler::edit(char c) {
    if (input_ == Input::terminal && (c == '\x7f' || c == '\b')) {
        if (!line_.empty()) line_.pop_back();
    } else if (input_ == Input::terminal && c == erase_line_key) {
        wipe(line_);
    } else if (line_.size() >= longest_line) {
        too_long_ = true;
    } else if (static_cast<unsigned char>(c) >= ' ') {
        line_.push_back(c);
    }
}

std::vector<std::string> LineAssembler::feed(std::string_view bytes) {
    std::vector<std::string> lines;
    for (const char c : bytes) {
        if (skip_escape(c)) continue;
        if (c != '\n' && c != '\r') {
            edit(c);
            continue;
        }
        if (!line_.empty() && !too_long_) lines.push_back(line_);
        wipe(line_);
        too_long_ = false;
    }
    return lines;
}

std::optional<std::string> LineAssembler::finish() {
    if (line_.empty() || too_long_) return std::nullopt;
    auto line = line_;
    wipe(line_);
    return line;
}

PasteReader::PasteReader(int fd)
    : fd_(fd),
      lines_(fd >= 0 && isatty(fd) == 1 ? LineAssembler::Input::terminal
                                        : LineAssembler::Input::pipe) {
    if (fd_ < 0 || isatty(fd_) == 0) return;
    termios settings = {};
    // A background job would be stopped by the kernel for touching the terminal.
    if (!is_foreground(fd_) || tcgetattr(fd_, &settings) != 0) {
        fd_ = -1;
        return;
    }
    mode_.emplace(fd_, settings, for_pasting(settings), TCSANOW);
    if (mode_->set()) return;
    mode_.reset();
    fd_ = -1;
}

std::vector<std::string> PasteReader::read_ready() {
    std::array<char, 4096> buffer = {};
    const auto got = read(fd_, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    const std::string_view bytes(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    auto lines = lines_.feed(bytes);
    const bool end_typed = is_terminal() && bytes.find(end_key) != std::string_view::npos;
    if (got <= 0 || end_typed) {
        if (auto rest = lines_.finish()) lines.push_back(std::move(*rest));
        fd_ = -1;
    }
    explicit_bzero(buffer.data(), buffer.size());
    return lines;
}

}  // namespace handover::auth::login
