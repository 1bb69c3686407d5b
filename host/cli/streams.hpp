// The outside of a command: standard streams and the person at the terminal, as values, so that no
// test needs a terminal.
#pragma once

#include <handover/result.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "secret/secret.hpp"

namespace handover::cli {

struct Streams {
    std::function<void(std::string_view)> out = {};        // data
    std::function<void(std::string_view)> err = {};        // everything else
    std::function<Result<std::string>()> read_input = {};  // stdin to its end, at most 64 MiB
    // A line typed without echo; only where `interactive`.
    std::function<Result<Secret>(const std::string& prompt)> ask_secret = {};
    // Yes or no; no unless the person says yes. Only where `interactive`.
    std::function<Result<bool>(const std::string& question)> confirm = {};

    // Columns of the terminal that stderr is.
    std::function<std::size_t()> err_width = {};
    // Columns of the terminal that stdout is; 0 where it is none. Absent: none.
    std::function<std::size_t()> out_width = {};

    bool in_is_terminal = false;
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    bool err_redraws = false;  // stderr is a terminal that can take back what a line shows
    bool color = false;

    [[nodiscard]] bool interactive() const { return in_is_terminal && err_is_terminal; }
    // A line for people. Not for text from outside: that passes text::printable first.
    void say(std::string_view line) const {
        err(line);
        err("\n");
    }
};

}  // namespace handover::cli
