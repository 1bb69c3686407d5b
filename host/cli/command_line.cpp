// Finds the command's name by itself, then builds a CLI11 parser for that one command: setting up
// all of them would be most of the time of a short command.
#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

#include "cli/bind.hpp"
#include "cli/command_shape.hpp"
#include "cli/help.hpp"
#include "cli/help_page.hpp"
#include "text/nearest.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

// Options before the command whose next argument is their value.
constexpr std::array<std::string_view, 4> global_with_value = {
    "--config", "--plugin-dir", "--color", "--log-format"};

Failure usage(std::string message, std::string fix) {
    return fail(
        {.code = Errc::usage, .message = std::move(message), .reason = {}, .fix = std::move(fix)});
}

bool asks_for(const std::vector<std::string>& arguments,
              std::initializer_list<std::string_view> flags) {
    const auto end = std::find(arguments.begin(), arguments.end(), "--");
    return std::find_first_of(arguments.begin(), end, flags.begin(), flags.end()) != end;
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) names.push_back("--" + name);
        for (const auto& name : option->get_snames()) names.push_back("-" + name);
    }
    return names;
}

Result<void> refuse_leftovers(const CLI::App& app) {
    auto leftovers = app.remaining();
    leftovers.erase(std::remove(leftovers.begin(), leftovers.end(), "--"),
                    leftovers.end());  // CLI11 counts it as one
    if (leftovers.empty()) return {};
    const auto& first = leftovers.front();
    const auto shown = text::printable(first, 80);
    const auto fix = app.get_name() + " --help";
    if (!first.starts_with('-'))
        return usage(fmt::format("\"{}\" is one argument too many", shown), fix);
    const auto name = first.substr(0, first.find('='));
    return usage(fmt::format("there is no option {}.{}",
                             text::printable(name, 80),
                             text::did_you_mean(name, option_names(app))),
                 fix);
}

std::vector<std::string> words_behind_marker(const std::vector<std::string>& words) {
    const auto marker = std::find(words.begin(), words.end(), "--");
    return marker == words.end() ? std::vector<std::string>()
                                 : std::vector<std::string>(marker + 1, words.end());
}

// What the parser gets to see: another program's command line is none of its business.
std::vector<std::string> own_words(const std::string& path, const std::vector<std::string>& words) {
    if (path != "exec") return words;
    return {words.begin(), std::find(words.begin(), words.end(), "--")};
}

Result<Invocation> parse_one(const CommandHelp& help, const CommandWords& words) {
    Invocation invocation;
    CLI::App app("", "handover " + help.path);
    app.set_help_flag("-h,--help", "Show this help");
    app.allow_extras();
    const auto finish = bind(app, help.path, invocation);
    bind_global(app, invocation.global);
    try {
        // CLI11 takes the arguments from the back.
        auto reversed = own_words(help.path, words.rest);
        std::reverse(reversed.begin(), reversed.end());
        app.parse(reversed);
    } catch (const CLI::CallForHelp&) {
        return Invocation{.global = invocation.global,
                          .command = ShowTextOptions{help_page(help, shape_of(help.path))}};
    } catch (const CLI::Error& error) {
        return usage(text::printable(error.what()), app.get_name() + " --help");
    }
    if (const auto clean = refuse_leftovers(app); !clean) return clean.failure();
    finish();
    if (auto* exec = std::get_if<ExecOptions>(&invocation.command))
        exec->command = words_behind_marker(words.rest);
    return invocation;
}

Result<Invocation> unknown_command(const std::vector<std::string>& path) {
    const bool in_group = path.size() == 2;
    const auto candidates = in_group ? names_in_group(path.front()) : top_level_names();
    const auto& typed = path.back();
    return usage(fmt::format("there is no command \"{}{}\".{}",
                             in_group ? path.front() + " " : "",
                             text::printable(typed, 80),
                             text::did_you_mean(typed, candidates)),
                 in_group ? "handover " + path.front() + " --help" : "handover --help");
}

// `handover` without a command: only global options may stand there.
Result<Invocation> parse_bare(const CommandWords& words) {
    return parse_one(CommandHelp{}, words);
}

std::string joined(const std::vector<std::string>& path) {
    return path.size() == 2 ? path[0] + " " + path[1] : path[0];
}

}  // namespace

CommandWords split_command(std::span<const std::string> arguments) {
    CommandWords words;
    std::size_t wanted = 1;
    bool value_follows = false;
    bool only_rest = false;
    for (const auto& argument : arguments) {
        const bool is_option = argument.size() > 1 && argument.front() == '-';
        only_rest = only_rest || argument == "--";
        if (only_rest || value_follows || is_option || words.path.size() >= wanted) {
            words.rest.push_back(argument);
            value_follows = !value_follows && std::find(global_with_value.begin(),
                                                        global_with_value.end(),
                                                        argument) != global_with_value.end();
            continue;
        }
        words.path.push_back(argument);
        if (words.path.size() == 1 && is_group(argument)) wanted = 2;
    }
    return words;
}

bool wants_json(std::span<const std::string> arguments) {
    const auto end = std::find(arguments.begin(), arguments.end(), "--");
    return std::find(arguments.begin(), end, "--json") != end;
}

Result<Invocation> parse_command_line(std::span<const std::string> arguments) {
    // `handover help auth login` is `handover auth login --help`.
    if (!arguments.empty() && arguments.front() == "help") {
        std::vector<std::string> rewritten(arguments.begin() + 1, arguments.end());
        rewritten.emplace_back("--help");
        return parse_command_line(rewritten);
    }
    const auto words = split_command(arguments);
    const bool help = asks_for(words.rest, {"--help", "-h"});
    if (words.path.empty()) {
        if (asks_for(words.rest, {"--version"}))
            return Invocation{.global = {}, .command = ShowTextOptions{version_text()}};
        if (help) return Invocation{.global = {}, .command = ShowTextOptions{overview()}};
        return parse_bare(words);
    }
    if (words.path.size() == 1 && is_group(words.path.front())) {
        return Invocation{.global = {},
                          .command = ShowTextOptions{group_overview(words.path.front())}};
    }
    const auto command = find_help(joined(words.path));
    if (!command) return unknown_command(words.path);
    return parse_one(*command, words);
}

}  // namespace handover::cli
