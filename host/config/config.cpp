#include "config/config.hpp"

#include <fmt/format.h>

#include "config/listen_address.hpp"
#include "config/provider_settings.hpp"
#include "config/table_reader.hpp"
#include "platform/files.hpp"

namespace handover::config {
namespace {

constexpr int most_retries = 20;
constexpr int most_queue = 1'000'000;
constexpr std::uint64_t least_body = 1U << 10U;
constexpr std::uint64_t most_body = 1U << 30U;

template <typename T>
void set(T& target, std::optional<T> value) {
    if (value) target = std::move(*value);
}

void positive(TableReader& reader, std::string_view key, std::chrono::milliseconds& target) {
    set(target, reader.duration(key));
    if (target.count() == 0) reader.wrong(key, "must be longer than nothing");
}

void read_plugins(TableReader& reader, Config& config) {
    for (auto& path : reader.strings("paths").value_or(std::vector<std::string>())) {
        if (path.empty()) reader.wrong("paths", "holds an empty path");
        config.plugin_paths.emplace_back(std::move(path));
    }
}

void read_auth(TableReader& reader, Config& config) {
    set(config.refresh_lead, reader.duration("refresh_lead"));
    positive(reader, "login_timeout", config.login_timeout);
}

void read_http(TableReader& reader, Config& config) {
    set(config.proxy, reader.string("proxy"));
    if (has_control(config.proxy)) reader.wrong("proxy", "has a control character");
    set(config.ca_file, reader.string("ca_file"));
    positive(reader, "connect_timeout", config.connect_timeout);
    positive(reader, "first_byte_timeout", config.first_byte_timeout);
    positive(reader, "idle_timeout", config.idle_timeout);
    set(config.max_retries, reader.integer("max_retries", 0, most_retries));
}

void read_serve(TableReader& reader, Config& config) {
    set(config.listen, reader.string("listen"));
    if (!parse_listen_address(config.listen))
        reader.wrong("listen", "must be ADDRESS:PORT, like \"127.0.0.1:4141\", or unix:PATH");
    set(config.max_body, reader.size("max_body"));
    if (config.max_body < least_body || config.max_body > most_body) {
        reader.wrong("max_body", "must be between 1KiB and 1GiB");
    }
    set(config.max_queue, reader.integer("max_queue", 1, most_queue));
    positive(reader, "queue_timeout", config.queue_timeout);
    config.fallback = read_fallback(reader, "fallback");
    read_front_settings(reader, config.front);
}

void read_section(TableReader& top,
                  std::string_view key,
                  void (*read)(TableReader&, Config&),
                  Config& config) {
    const auto* table = top.table(key);
    if (table == nullptr) return;
    TableReader reader(*table, fmt::format("[{}]", key), top.problems());
    read(reader, config);
    reader.finish();
}

void read_providers(TableReader& top, Config& config) {
    const auto* providers = top.table("providers");
    if (providers == nullptr) return;
    for (const auto& [name, value] : providers->members) {
        const auto* table = std::get_if<Table>(&value.data);
        if (!is_provider_name(name)) {
            top.problems().add(
                value.at,
                fmt::format("{} is no name for a provider: letters, digits, '.', '_', '-'",
                            in_quotes(name)));
        } else if (table == nullptr) {
            top.problems().add(
                value.at,
                fmt::format(
                    "provider {} must be a table, not {}", in_quotes(name), value.type_name()));
        } else {
            config.providers.emplace(
                name,
                read_provider_settings(
                    *table, fmt::format("[providers.{}]", name), SettingsOf::user, top.problems()));
        }
    }
}

}  // namespace

Result<Config> parse_config(std::string_view toml, const std::string& file) {
    Config config;
    config.file = file;
    auto document = parse_toml(toml, file, Errc::config_invalid);
    if (!document) return std::move(document).failure();

    Problems problems;
    TableReader top(*document, "the config", problems);
    config.default_provider = top.string("default_provider");
    if (config.default_provider && !is_provider_name(*config.default_provider)) {
        top.wrong("default_provider", "must be a provider's name");
    }
    read_section(top, "plugins", read_plugins, config);
    read_section(top, "auth", read_auth, config);
    read_section(top, "http", read_http, config);
    read_section(top, "serve", read_serve, config);
    config.models = read_models(top);
    read_providers(top, config);
    top.finish();
    if (!problems.empty()) {
        return fail(problems.error(Errc::config_invalid,
                                   "mend the config, then run: handover config check"));
    }
    config.source = std::move(*document);
    return config;
}

Result<Config> load_config(const std::filesystem::path& file, bool must_exist) {
    auto text = platform::read_file(file);
    if (!text) {
        return fail(
            {.code = Errc::config_invalid,
             .message = "cannot read the config " + file.string(),
             .reason = text.error().reason.empty() ? text.error().message : text.error().reason,
             .fix = "make it a file that you can read, or name another one with --config"});
    }
    if (!text->has_value() && must_exist) {
        return fail({.code = Errc::config_not_found,
                     .message = "there is no config file " + file.string(),
                     .reason = "it was named by --config or HANDOVER_CONFIG",
                     .fix = "handover config init"});
    }
    auto config = parse_config(text->value_or(""), file.string());
    if (config) config->exists = text->has_value();
    return config;
}

}  // namespace handover::config
