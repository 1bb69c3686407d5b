// A redirected URL that a person pastes: lines read from a terminal without echo, or from a pipe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/terminal_mode.hpp"

namespace handover::auth::login {

// Puts bytes together to lines; on a terminal it does the editing that the terminal does not do in
// non-canonical mode. Pure.
class LineAssembler {
public:
    enum class Input { terminal, pipe };
    explicit LineAssembler(Input input) : input_(input) {}
    ~LineAssembler();
    LineAssembler(const LineAssembler&) = delete;
    LineAssembler& operator=(const LineAssembler&) = delete;

    // The lines that `bytes` complete. Lines over 64 KiB are thrown away.
    std::vector<std::string> feed(std::string_view bytes);

    // What stands there without a line end, when the input has ended.
    std::optional<std::string> finish();

private:
    bool skip_escape(char c);
    void edit(char c);

    Input input_;
    std::string line_;
    bool too_long_ = false;
    enum class Escape { none, begun, sequence } escape_ = Escape::none;
};

// Reads `fd` when polled as readable. On a terminal in whose foreground we are: no echo,
// non-canonical; the settings are put back by the destructor, and what was typed and not read is
// thrown away, so that half a URL never lands at the shell's prompt.
class PasteReader {
public:
    explicit PasteReader(int fd);
    ~PasteReader() = default;
    PasteReader(const PasteReader&) = delete;
    PasteReader& operator=(const PasteReader&) = delete;

    // To be polled, or -1: nothing to read (any more).
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool is_terminal() const { return mode_.has_value(); }

    // One read; the lines it completed.
    std::vector<std::string> read_ready();

private:
    int fd_ = -1;
    std::optional<platform::TerminalMode> mode_ = {};
    LineAssembler lines_;
};

}  // namespace handover::auth::login
