// The commands' names, one line about each, and examples: what --help shows and what a mistyped
// name is compared with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handover::cli {

struct CommandHelp {
    std::string path = {};      // "auth login"
    std::string summary = {};   // one line, without a full stop
    std::string details = {};   // sentences
    std::string examples = {};  // lines
};

// Nothing if there is no such command.
std::optional<CommandHelp> find_help(std::string_view path);
bool is_group(std::string_view name);
std::vector<std::string> top_level_names();
std::vector<std::string> names_in_group(std::string_view group);

std::string overview();                              // handover --help
std::string group_overview(std::string_view group);  // handover auth --help
std::string version_text();                          // handover --version

}  // namespace handover::cli
