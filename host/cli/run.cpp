// `handover run`: one prompt, the answer streamed to stdout as it comes.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/default_provider.hpp"
#include "cli/open_upstream.hpp"
#include "cli/spinner.hpp"
#include "run/run.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

Failure no_prompt() {
    return fail({.code = Errc::usage,
                 .message = "there is no prompt",
                 .reason = "neither an argument nor standard input holds any text",
                 .fix = "handover run \"Say hello\""});
}

bool is_blank(const std::string& text) {
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

// Absent or "-": stdin is the prompt. Both given: stdin is appended.
Result<std::string> whole_prompt(const RunOptions& options, const Streams& streams) {
    const bool from_input = options.prompt.empty() || options.prompt == "-";
    if (streams.in_is_terminal && options.prompt.empty()) return no_prompt();
    if (streams.in_is_terminal && !from_input) return options.prompt;
    auto input = streams.read_input();
    if (!input) return input;
    auto prompt = from_input ? *input : options.prompt + (is_blank(*input) ? "" : "\n\n" + *input);
    if (is_blank(prompt)) return no_prompt();
    return prompt;
}

// The answer's text on its way to stdout: cleaned for a terminal, untouched for a pipe, one newline
// at the end.
class AnswerWriter {
public:
    AnswerWriter(const Streams& streams, bool silent) : streams_(streams), silent_(silent) {}

    void write(std::string_view text) {
        if (silent_ || text.empty()) return;
        const auto shown =
            streams_.out_is_terminal ? text::printable_stream(text, carry_) : std::string(text);
        if (shown.empty()) return;
        streams_.out(shown);
        open_line_ = shown.back() != '\n';
        wrote_ = true;
    }

    void end() {
        if (!silent_ && (open_line_ || !wrote_)) streams_.out("\n");
        open_line_ = false;
        wrote_ = true;
    }

    // After an error: what was streamed keeps a line of its own.
    void break_off() {
        if (open_line_) streams_.out("\n");
    }

private:
    const Streams& streams_;
    bool silent_ = false;
    bool open_line_ = false;
    bool wrote_ = false;
    std::string carry_ = {};
};

}  // namespace

Result<int> run_prompt(const RunOptions& options, Services& services, const Streams& streams) {
    const auto name = choose_provider(options.provider, services);
    if (!name) return name.failure();
    auto prompt = whole_prompt(options, streams);
    if (!prompt) return prompt.failure();
    const auto upstream = open_upstream(*name, services);
    if (!upstream) return upstream.failure();

    if (services.outside().before_network) services.outside().before_network();
    Spinner spinner(streams.err, streams.err_redraws);
    AnswerWriter answer(streams, options.json);
    const auto response = run::run_prompt(
        upstream->under(options.account),
        {.text = std::move(*prompt),
         .instructions = options.instructions,
         .model = options.model,
         .stream = !options.no_stream},
        [&](std::string_view text) {
            if (!options.json) spinner.stop();
            answer.write(text);
        },
        [&](std::string_view notice) { spinner.say(text::printable(redact(notice))); },
        services.outside().stop);
    spinner.stop();
    if (!response) {
        answer.break_off();
        return response.failure();
    }
    if (options.json) streams.out(*response + "\n");
    answer.end();
    return 0;
}

}  // namespace handover::cli
