#include "config/provider_settings.hpp"

#include <fmt/format.h>

#include "config/url.hpp"

namespace handover::config {
namespace {

constexpr int most_concurrency = 1000;

// https is the rule; whether http is allowed depends on keys of other layers, so host/providers
// decides that.
void read_base_url(TableReader& reader, SettingsOf whose, ProviderSettings& settings) {
    auto text = reader.string("base_url");
    if (!text) return;
    // An empty one in a preset says: this service has no common address.
    if (whose == SettingsOf::preset && text->empty()) {
        settings.base_url = std::move(*text);
        return;
    }
    const auto url = parse_url(*text);
    if (!url) return reader.wrong("base_url", "must be an absolute https URL");
    if (url->has_userinfo)
        return reader.wrong("base_url", "must not carry a user name or password");
    if (url->has_query)
        return reader.wrong("base_url", "must not carry a query; write it as `query = { ... }`");
    if (url->has_fragment) return reader.wrong("base_url", "must not carry a fragment");
    while (!text->empty() && text->back() == '/') text->pop_back();
    settings.base_url = std::move(*text);
}

void read_headers(TableReader& reader, ProviderSettings& settings) {
    auto headers = reader.string_map("headers");
    if (!headers) return;
    const auto* table = reader.table("headers");
    for (const auto& [name, value] : *headers) {
        const auto bad = [&, &header = name](const std::string& what) {
            reader.problems().add(
                table->find(header)->at,
                fmt::format("header {} in {} {}", in_quotes(header), reader.name(), what));
        };
        if (!is_token(name)) bad("is no name of a header");
        if (is_host_owned_header(name)) bad("belongs to the host");
        if (has_control(value)) bad("has a control character");
    }
    settings.headers = std::move(*headers);
}

void read_query(TableReader& reader, ProviderSettings& settings) {
    settings.query = reader.string_map("query").value_or(settings.query);
    for (const auto& [name, value] : settings.query) {
        if (name.empty()) reader.wrong("query", "has an empty name");
        if (has_control(name) || has_control(value))
            reader.wrong("query", "has a control character");
    }
}

void read_auth(TableReader& reader, ProviderSettings& settings) {
    const auto* methods = reader.table("auth");
    if (methods == nullptr) return;
    for (const auto& [id, value] : methods->members) {
        const auto* table = std::get_if<Table>(&value.data);
        if (table == nullptr) {
            reader.problems().add(value.at,
                                  fmt::format("{} of \"auth\" in {} must be a table, not {}",
                                              in_quotes(id),
                                              reader.name(),
                                              value.type_name()));
        } else if (!is_provider_name(id)) {
            reader.problems().add(
                value.at,
                fmt::format("{} is no name for an auth method: letters, digits, '.', '_', '-'",
                            in_quotes(id)));
        } else {
            settings.auth.emplace(id, *table);
        }
    }
}

void read_account(TableReader& reader, ProviderSettings& settings) {
    settings.account = reader.string("account");
    if (settings.account && (settings.account->empty() || has_control(*settings.account))) {
        reader.wrong("account", "must be a name");
    }
}

}  // namespace

ProviderSettings read_provider_settings(const Table& table,
                                        const std::string& name,
                                        SettingsOf whose,
                                        Problems& problems) {
    TableReader reader(table, name, problems);
    ProviderSettings settings;
    settings.plugin = reader.string("plugin");
    if (whose == SettingsOf::user) settings.preset = reader.string("preset");
    read_base_url(reader, whose, settings);
    settings.dialects = reader.strings("dialects");
    if (settings.dialects) check_dialects(reader, *settings.dialects);
    settings.model = reader.string("model");
    read_account(reader, settings);
    settings.auth_method = reader.string("auth_method");
    settings.concurrency = reader.integer("concurrency", 1, most_concurrency);
    read_headers(reader, settings);
    read_query(reader, settings);
    if (const auto* options = reader.table("options")) settings.options = *options;
    settings.allow_http = reader.boolean("allow_http");
    settings.compatibility = read_compatibility(reader);
    read_auth(reader, settings);
    if (whose == SettingsOf::preset) {
        settings.description = reader.string("description");
        settings.base_url_example = reader.string("base_url_example");
    }
    reader.finish();
    settings.source = table;
    return settings;
}

}  // namespace handover::config
