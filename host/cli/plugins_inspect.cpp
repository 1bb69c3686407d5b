// `handover plugins inspect`: one plugin's manifest, read from the file without running it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>

#include "auth/method_names.hpp"
#include "cli/commands.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

namespace json = boost::json;

struct Found {
    std::filesystem::path file = {};
    plugins::Manifest manifest = {};
};

// A slash or the suffix says file; anything else is an id.
bool names_a_file(const std::string& plugin) {
    return plugin.find('/') != std::string::npos || plugin.ends_with(".so");
}

Result<Found> find_plugin(const std::string& plugin, Services& services) {
    if (names_a_file(plugin)) {
        auto manifest = plugins::read_manifest(plugin);
        if (!manifest) return std::move(manifest).failure();
        return Found{.file = plugin, .manifest = std::move(*manifest)};
    }
    const auto catalogue = services.catalogue();
    if (!catalogue) return catalogue.failure();
    auto manifest = (*catalogue)->manifest_of(plugin);
    if (!manifest) return std::move(manifest).failure();
    const auto file = (*catalogue)->file_of(plugin);
    if (!file) return file.failure();
    return Found{.file = *file, .manifest = std::move(*manifest)};
}

std::string_view type_name(plugins::OptionType type) {
    switch (type) {
        case plugins::OptionType::string:
            return "string";
        case plugins::OptionType::integer:
            return "integer";
        case plugins::OptionType::boolean:
            return "boolean";
    }
    return "";
}

json::array strings(const std::vector<std::string>& texts) {
    return json::array(texts.begin(), texts.end());
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object method_json(const auth::Method& method) {
    return {{"id", method.id},
            {"kind", auth::name_of(method.kind, auth::kinds)},
            {"billing", auth::name_of(method.billing, auth::billings)},
            {"label", text_or_null(method.label)},
            {"issuer", text_or_null(method.issuer)},
            {"scopes", strings(method.scopes)},
            {"redirect_uris", strings(method.redirect_uris)},
            {"env", strings(method.env)}};
}

json::object options_json(const plugins::Manifest& manifest) {
    json::object options;
    for (const auto& [name, option] : manifest.options) {
        options[name] = json::object{
            {"type", type_name(option.type)},
            {"default",
             option.default_json.empty() ? json::value(nullptr) : json::parse(option.default_json)},
            {"description", option.description}};
    }
    return options;
}

std::string as_json(const Found& found) {
    const auto& m = found.manifest;
    json::array methods;
    for (const auto& method : m.methods) methods.push_back(method_json(method));
    return json::serialize(json::object{
               {"id", m.id},
               {"version", m.version},
               {"name", text_or_null(m.name)},
               {"vendor", text_or_null(m.vendor)},
               {"homepage", text_or_null(m.homepage)},
               {"license", text_or_null(m.license)},
               {"description", text_or_null(m.description)},
               {"file", found.file.string()},
               {"dialects", strings(m.dialects)},
               {"base_url", text_or_null(m.base_url)},
               {"hosts", strings(m.hosts)},
               {"default_model", text_or_null(m.default_model)},
               {"concurrency", m.concurrency ? json::value(*m.concurrency) : json::value(nullptr)},
               {"options", options_json(m)},
               {"auth", methods}}) +
           "\n";
}

class Sheet {
public:
    void line(std::string_view name, const std::string& value) {
        if (!value.empty()) text_ += fmt::format("{:<15}{}\n", name, text::printable(value, 1000));
    }
    void gap(const std::string& heading) {
        text_ += fmt::format("\n{}\n", text::printable(heading));
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_ = {};
};

void add_method(Sheet& sheet, const auth::Method& method) {
    sheet.gap(fmt::format("auth {}", method.id));
    sheet.line("  kind",
               fmt::format("{}, {}",
                           auth::name_of(method.kind, auth::kinds),
                           auth::name_of(method.billing, auth::billings)));
    sheet.line("  label", method.label);
    sheet.line("  issuer", method.issuer);
    sheet.line("  scopes", fmt::format("{}", fmt::join(method.scopes, " ")));
    sheet.line("  redirects", fmt::format("{}", fmt::join(method.redirect_uris, ", ")));
    sheet.line("  environment", fmt::format("{}", fmt::join(method.env, ", ")));
}

std::string as_sheet(const Found& found) {
    const auto& m = found.manifest;
    Sheet sheet;
    sheet.line("id", m.id);
    sheet.line("version", m.version);
    sheet.line("name", m.name);
    sheet.line("vendor", m.vendor);
    sheet.line("homepage", m.homepage);
    sheet.line("license", m.license);
    sheet.line("description", m.description);
    sheet.line("file", found.file.string());
    sheet.line("dialects", fmt::format("{}", fmt::join(m.dialects, ", ")));
    sheet.line("base URL", m.base_url);
    sheet.line("hosts", fmt::format("{}", fmt::join(m.hosts, ", ")));
    sheet.line("default model", m.default_model);
    sheet.line("concurrency", m.concurrency ? std::to_string(*m.concurrency) : "");
    for (const auto& method : m.methods) add_method(sheet, method);
    for (const auto& [name, option] : m.options) {
        sheet.gap(fmt::format("option {}", name));
        sheet.line("  type", std::string(type_name(option.type)));
        sheet.line("  default", option.default_json);
        sheet.line("  meaning", option.description);
    }
    return sheet.text();
}

}  // namespace

Result<int> plugins_inspect(const PluginsInspectOptions& options,
                            Services& services,
                            const Streams& streams) {
    const auto found = find_plugin(options.plugin, services);
    if (!found) return found.failure();
    streams.out(options.json ? as_json(*found) : as_sheet(*found));
    return 0;
}

}  // namespace handover::cli
