#include "providers/options.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "text/nearest.hpp"

namespace handover::providers {
namespace {

using config::in_quotes;
using plugins::OptionType;

std::string_view type_name(OptionType type) {
    if (type == OptionType::string) return "a string";
    return type == OptionType::integer ? "an integer" : "true or false";
}

// Nothing if the value is not of the option's type.
std::optional<boost::json::value> as_json(const config::Value& value, OptionType type) {
    const auto* text = std::get_if<std::string>(&value.data);
    const auto* number = std::get_if<std::int64_t>(&value.data);
    const auto* flag = std::get_if<bool>(&value.data);
    if (type == OptionType::string && text != nullptr)
        return boost::json::value(boost::json::string(*text));
    if (type == OptionType::integer && number != nullptr) return boost::json::value(*number);
    if (type == OptionType::boolean && flag != nullptr) return boost::json::value(*flag);
    return std::nullopt;
}

std::vector<std::string> names_of(const std::map<std::string, plugins::Option>& options) {
    std::vector<std::string> names;
    names.reserve(options.size());
    for (const auto& entry : options) names.push_back(entry.first);
    return names;
}

}  // namespace

void merge_options(const Layers& layers, Provider& provider, config::Problems& problems) {
    config::Table given;
    if (layers.preset) given = layers.preset->options;
    if (layers.user != nullptr) given = config::merge(given, layers.user->options);

    const auto& declared = layers.manifest.options;
    boost::json::object result;
    for (const auto& [name, option] : declared) {
        const auto* value = given.find(name);
        const auto path = "options." + name;
        if (value != nullptr) {
            const auto json = as_json(*value, option.type);
            if (!json) {
                problems.add(value->at,
                             fmt::format("option {} must be {}, not {}",
                                         in_quotes(name),
                                         type_name(option.type),
                                         value->type_name()));
                continue;
            }
            result[name] = *json;
            provider.origins_of_values[path] = layers.origin(value->at);
        } else if (!option.default_json.empty()) {
            result[name] = boost::json::parse(option.default_json);
            provider.origins_of_values[path] = "plugin " + layers.plugin;
        }
    }
    for (const auto& [name, value] : given.members) {
        if (declared.count(name) != 0) continue;
        const auto names = names_of(declared);
        problems.add(
            value.at,
            fmt::format("plugin {} has no option {}.{}{}",
                        layers.plugin,
                        in_quotes(name),
                        text::did_you_mean(name, names),
                        names.empty() ? std::string()
                                      : fmt::format(" It has: {}.", fmt::join(names, ", "))));
    }
    provider.options = boost::json::serialize(result);
}

}  // namespace handover::providers
