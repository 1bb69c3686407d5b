#include "cli/help_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "text/wrap.hpp"

namespace handover::cli {
namespace {

constexpr std::size_t option_column = 27;

// "-p, --provider NAME"; of an argument "PROVIDER".
std::string label_of(const OptionShape& option) {
    if (option.positional()) return option.value_name;
    auto names = option.names;
    std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
        return a.size() < b.size();
    });
    const auto label = fmt::format("{}", fmt::join(names, ", "));
    return option.value_name.empty() ? label : label + " " + option.value_name;
}

// The one argument that repeats is another program's command line, which stands behind a marker.
std::string argument_in_usage(const OptionShape& argument) {
    if (argument.repeatable) return "-- " + argument.value_name + "...";
    return argument.required ? argument.value_name : "[" + argument.value_name + "]";
}

std::string usage_line(const CommandHelp& help, const std::vector<OptionShape>& options) {
    auto line = fmt::format("Usage: handover {} [OPTIONS]", help.path);
    for (const auto& option : options) {
        if (!option.positional() && option.required)
            line += fmt::format(" {} {}", option.names.front(), option.value_name);
    }
    for (const auto& option : options) {
        if (option.positional()) line += " " + argument_in_usage(option);
    }
    return line + "\n";
}

template <typename Wanted>
std::string section(std::string_view title,
                    const std::vector<OptionShape>& options,
                    Wanted wanted) {
    std::vector<OptionShape> chosen;
    std::copy_if(options.begin(), options.end(), std::back_inserter(chosen), wanted);
    return chosen.empty() ? std::string() : fmt::format("\n{}:\n{}", title, option_rows(chosen));
}

}  // namespace

std::string help_row(std::string_view label, std::string_view text, std::size_t column) {
    auto row = fmt::format("  {}", label);
    if (text::width(row) + 2 > column) row += "\n" + std::string(column, ' ');
    row.resize(std::max(row.size(), column), ' ');
    return row + text::wrapped(text, help_columns, column) + "\n";
}

std::string option_rows(const std::vector<OptionShape>& options) {
    std::string rows;
    for (const auto& option : options)
        rows += help_row(label_of(option), option.description, option_column);
    return rows;
}

std::string help_page(const CommandHelp& help, const std::vector<OptionShape>& options) {
    auto page = help.summary + ".\n\n";
    if (!help.details.empty()) page += text::wrapped(help.details, help_columns, 0) + "\n\n";
    page += usage_line(help, options);
    page += section("Arguments", options, [](const auto& o) { return o.positional(); });
    page += section("Options", options, [](const auto& o) { return !o.positional() && !o.global; });
    page += section("Global options", options, [](const auto& o) { return o.global; });
    return fmt::format("{}\nExamples:\n{}", page, help.examples);
}

}  // namespace handover::cli
