// What could stand at the cursor: one function for the three shells, whose scripts only ask it.
// Pure.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_shape.hpp"

namespace handover::cli {

// What a value is a name of.
enum class Wanted { nothing, files, folders, providers, accounts, methods, models, plugins };

// By the option's own description. `nothing`: free text, a number, a duration.
Wanted wanted_by(const OptionShape& option);

struct Suggestion {
    std::string value = {};
    std::string description = {};

    bool operator==(const Suggestion&) const = default;
};

// Names that only this machine knows. What the line says already narrows them.
struct Question {
    Wanted wanted = Wanted::nothing;
    std::string provider = {};  // empty: the line names none
    std::string config = {};
    std::vector<std::string> plugin_dirs = {};
};
using KnownNames = std::function<std::vector<Suggestion>(const Question&)>;

struct Completion {
    Wanted paths = Wanted::nothing;  // the shell adds its own: files or folders
    std::vector<Suggestion> suggestions =
        {};  // whole words, also where only a part was still missing

    bool operator==(const Completion&) const = default;
};

// `words` as typed, without the program's name; the last one is the one at the cursor, perhaps
// empty.
Completion complete(std::span<const std::string> words, const KnownNames& known);

// A line each: ":files" or ":folders", then "VALUE<tab>DESCRIPTION". Values that a line could not
// hold are left out.
std::string print(const Completion& completion);

// The script for "bash", "zsh" or "fish"; empty for any other shell.
std::string_view completion_script(std::string_view shell);

}  // namespace handover::cli
