#include "plugins/manifest.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <set>

#include "config/table_reader.hpp"
#include "config/url.hpp"

namespace handover::plugins {
namespace {

using config::in_quotes;
using config::Table;
using config::TableReader;

constexpr std::int64_t newest_format = 1;
constexpr int most_concurrency = 1000;
constexpr std::array<std::pair<std::string_view, OptionType>, 3> option_types = {
    {{"string", OptionType::string},
     {"integer", OptionType::integer},
     {"boolean", OptionType::boolean}}};

bool is_plugin_id(std::string_view id) {
    constexpr std::size_t longest = 32;
    return !id.empty() && id.size() <= longest && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

std::string without_trailing_slash(std::string url) {
    while (!url.empty() && url.back() == '/') url.pop_back();
    return url;
}

void read_plugin(const Table& table, config::Problems& problems, Manifest& manifest) {
    TableReader reader(table, "[plugin]", problems);
    manifest.id = reader.string("id").value_or("");
    if (!reader.has("id")) reader.missing("id");
    if (reader.has("id") && !is_plugin_id(manifest.id)) {
        reader.wrong("id", "must be 1 to 32 of a-z, 0-9 and '-'");
    }
    manifest.version = reader.string("version").value_or("");
    if (!reader.has("version")) reader.missing("version");
    if (reader.has("version") && manifest.version.empty())
        reader.wrong("version", "must not be empty");
    manifest.name = reader.string("name").value_or("");
    manifest.vendor = reader.string("vendor").value_or("");
    manifest.homepage = reader.string("homepage").value_or("");
    manifest.license = reader.string("license").value_or("");
    manifest.description = reader.string("description").value_or("");
    reader.finish();
}

std::string default_as_json(TableReader& reader, OptionType type) {
    const auto* value = reader.value("default");
    if (value == nullptr) return {};
    const auto* text = std::get_if<std::string>(&value->data);
    const auto* number = std::get_if<std::int64_t>(&value->data);
    const auto* flag = std::get_if<bool>(&value->data);
    if (type == OptionType::string && text != nullptr) {
        return boost::json::serialize(
            boost::json::value(boost::json::string_view(text->data(), text->size())));
    }
    if (type == OptionType::integer && number != nullptr) return std::to_string(*number);
    if (type == OptionType::boolean && flag != nullptr) return *flag ? "true" : "false";
    reader.wrong("default",
                 fmt::format("is {}, which is not of the option's type", value->type_name()));
    return {};
}

void read_options(TableReader& provider, Manifest& manifest) {
    const auto* options = provider.table("options");
    if (options == nullptr) return;
    for (const auto& [name, value] : options->members) {
        const auto* table = std::get_if<Table>(&value.data);
        if (table == nullptr) {
            provider.problems().add(
                value.at, fmt::format("option {} must be a table with a type", in_quotes(name)));
            continue;
        }
        TableReader reader(*table, fmt::format("[provider.options.{}]", name), provider.problems());
        if (!config::is_provider_name(name)) {
            provider.problems().add(
                value.at,
                in_quotes(name) + " is no name for an option: letters, digits, '.', '_', '-'");
        }
        if (!reader.has("type")) reader.missing("type");
        Option option;
        option.type = reader.choice<OptionType>("type", option_types).value_or(OptionType::string);
        option.default_json = default_as_json(reader, option.type);
        option.description = reader.string("description").value_or("");
        reader.finish();
        manifest.options.emplace(name, std::move(option));
    }
}

void read_hosts(TableReader& reader, Manifest& manifest) {
    for (const auto& host : reader.strings("hosts").value_or(std::vector<std::string>())) {
        const auto url = config::parse_url(host);
        const auto fault = config::url_fault(host);
        if (!fault.empty()) {
            reader.wrong("hosts", fmt::format("holds {}, which {}", in_quotes(host), fault));
        } else if (!url->path.empty() && url->path != "/") {
            reader.wrong("hosts", fmt::format("holds {}: an origin has no path", in_quotes(host)));
        }
        manifest.hosts.push_back(without_trailing_slash(host));
    }
}

void read_provider(const Table& table, config::Problems& problems, Manifest& manifest) {
    TableReader reader(table, "[provider]", problems);
    if (!reader.has("dialects")) reader.missing("dialects");
    manifest.dialects = reader.strings("dialects").value_or(manifest.dialects);
    config::check_dialects(reader, manifest.dialects);
    manifest.base_url = without_trailing_slash(reader.url("base_url").value_or(""));
    read_hosts(reader, manifest);
    manifest.default_model = reader.string("default_model").value_or("");
    manifest.concurrency = reader.integer("concurrency", 1, most_concurrency);
    read_options(reader, manifest);
    reader.finish();
}

void read_methods(TableReader& top, Manifest& manifest) {
    const auto* list = top.array("auth");
    if (list == nullptr) {
        if (!top.has("auth")) top.missing("auth");
        return;
    }
    if (list->items.empty())
        top.wrong("auth", "must hold at least one method (kind \"none\" for none)");
    std::set<std::string> ids;
    for (const auto& item : list->items) {
        const auto* table = std::get_if<Table>(&item.data);
        if (table == nullptr) {
            top.problems().add(item.at, "each [[auth]] must be a table");
            continue;
        }
        auto method = decode_method(*table, top.problems());
        if (!method.id.empty() && !ids.insert(method.id).second) {
            top.problems().add(
                item.at, fmt::format("auth method {} is declared twice", in_quotes(method.id)));
        }
        manifest.methods.push_back(std::move(method));
        manifest.auth_tables.push_back(*table);
    }
}

// A format from the future is told apart before its unknown keys are counted against it.
std::optional<Error> newer_format(const Table& document) {
    const auto* value = document.find("manifest");
    const auto* format = value == nullptr ? nullptr : std::get_if<std::int64_t>(&value->data);
    if (format == nullptr || *format <= newest_format) return std::nullopt;
    return Error{.code = Errc::plugin_invalid,
                 .message = fmt::format(
                     "{}: the manifest is of a newer format, {}", value->at.text(), *format),
                 .reason = fmt::format("this handover reads format {}", newest_format),
                 .fix = "update handover, or use an older version of the plugin"};
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view toml, const std::string& file) {
    auto document = config::parse_toml(toml, file, Errc::plugin_invalid);
    if (!document) return std::move(document).failure();
    if (auto newer = newer_format(*document)) return fail(std::move(*newer));

    Manifest manifest;
    config::Problems problems;
    TableReader top(*document, "the manifest", problems);
    if (!top.has("manifest")) top.missing("manifest");
    (void)top.integer("manifest", 1, static_cast<int>(newest_format));
    for (const std::string_view key : {"plugin", "provider"}) {
        if (!top.has(key)) top.missing(key);
    }
    if (const auto* plugin = top.table("plugin")) read_plugin(*plugin, problems, manifest);
    if (const auto* provider = top.table("provider")) read_provider(*provider, problems, manifest);
    read_methods(top, manifest);
    top.finish();
    if (!problems.empty()) {
        return fail(
            problems.error(Errc::plugin_invalid,
                           "mend plugin.toml and build the plugin again, or update the plugin"));
    }
    return manifest;
}

}  // namespace handover::plugins
