// The text that `handover COMMAND --help` shows, 80 columns wide wherever it is shown: read in a
// pager, a pipe or a narrow window, and copied into messages. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_shape.hpp"
#include "cli/help.hpp"

namespace handover::cli {

constexpr std::size_t help_columns = 80;

std::string help_page(const CommandHelp& help, const std::vector<OptionShape>& options);

// Two columns, one row for each option.
std::string option_rows(const std::vector<OptionShape>& options);

// "  LABEL   TEXT", the text from `column` on and broken at blanks.
std::string help_row(std::string_view label, std::string_view text, std::size_t column);

}  // namespace handover::cli
