#include "cli/command_shape.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/bind.hpp"

namespace handover::cli {
namespace {

// "WHEN:{auto,always,never}": a check's description follows the name.
std::vector<std::string> choices_in(const std::string& type_name) {
    const auto open = type_name.find('{');
    const auto close = type_name.rfind('}');
    if (open == std::string::npos || close == std::string::npos || close < open) return {};
    return CLI::detail::split(type_name.substr(open + 1, close - open - 1), ',');
}

OptionShape shape(const CLI::Option& option) {
    OptionShape out;
    for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
    for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
    const auto type_name = option.get_type_name();
    out.value_name =
        option.get_positional() ? option.get_name(true) : type_name.substr(0, type_name.find(":{"));
    out.choices = choices_in(type_name);
    out.description = option.get_description();
    out.takes_value = option.get_positional() || option.get_items_expected_max() > 0;
    out.repeatable = option.get_items_expected_max() > 1;
    out.required = option.get_required();
    out.global = option.get_group() == global_group;
    return out;
}

}  // namespace

bool OptionShape::named(const std::string& name) const {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<OptionShape> shape_of(const std::string& path) {
    Invocation invocation;
    CLI::App app;
    app.set_help_flag("-h,--help", "Show this help");
    if (path.empty()) app.set_version_flag("--version", "", "Show the version");
    (void)bind(app, path, invocation);
    bind_global(app, invocation.global);
    std::vector<OptionShape> out;
    for (const auto* option : app.get_options()) out.push_back(shape(*option));
    return out;
}

}  // namespace handover::cli
