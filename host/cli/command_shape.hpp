// The options and arguments of a command as values, read off the very parser that takes them: what
// completion offers cannot differ from what the command takes.
#pragma once

#include <string>
#include <vector>

namespace handover::cli {

struct OptionShape {
    std::vector<std::string> names = {};    // "--provider", "-p"; empty: an argument without a name
    std::string value_name = {};            // "NAME", "FILE"; of an argument its own: "PROVIDER"
    std::vector<std::string> choices = {};  // where only these values are taken
    std::string description = {};
    bool takes_value = false;
    bool repeatable = false;
    bool required = false;
    bool global = false;  // of every command

    [[nodiscard]] bool positional() const { return names.empty(); }
    [[nodiscard]] bool named(const std::string& name) const;
};

// Of the command of that path ("auth login"), the global ones after its own; of the program itself
// for an empty path.
std::vector<OptionShape> shape_of(const std::string& path);

}  // namespace handover::cli
