#include "providers/effective.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "auth/method_names.hpp"
#include "providers/toml_page.hpp"
#include "text/printable.hpp"

namespace handover::providers {
namespace {

struct Sourced {
    std::string value = {};
    std::string origin = {};
};

// The config's own value, else the first of these variables.
Sourced or_environment(Sourced own,
                       std::initializer_list<const char*> variables,
                       const config::GetEnvironment& environment) {
    if (!own.value.empty()) return own;
    for (const auto* name : variables) {
        auto value = environment(name);
        if (value && !value->empty())
            return {std::move(*value), fmt::format("environment {}", name)};
    }
    return own;
}

std::vector<std::string> in_words(const std::vector<config::ModelAt>& places) {
    std::vector<std::string> words;
    words.reserve(places.size());
    for (const auto& place : places)
        words.push_back(place.model.empty() ? place.provider : place.provider + '/' + place.model);
    return words;
}

// HANDOVER_PROVIDER stands above the config's default_provider.
Sourced default_provider(const config::Config& config, const config::GetEnvironment& environment) {
    auto named = environment("HANDOVER_PROVIDER");
    if (named && !named->empty()) return {std::move(*named), "environment HANDOVER_PROVIDER"};
    const auto* value = config.source.find("default_provider");
    if (!config.default_provider || value == nullptr) return {};
    return {*config.default_provider, value->at.text()};
}

void show_front(TomlPage& page, const config::FrontSettings& front) {
    const auto line = [&](std::string_view key, const std::string& value) {
        page.line(key, value, page.origin("serve", key));
    };
    line("hosts", in_toml(front.hosts));
    line("origins", in_toml(front.origins));
    line("tls_certificate", in_toml(front.tls_certificate));
    line("tls_key", in_toml(front.tls_key));
    line("max_connections", std::to_string(front.max_connections));
    line("head_timeout", in_toml(front.head_timeout));
    line("body_timeout", in_toml(front.body_timeout));
    line("keep_alive", in_toml(front.keep_alive));
    line("stall_timeout", in_toml(front.stall_timeout));
    line("stream_keep_alive", in_toml(front.stream_keep_alive));
    line("grace", in_toml(front.grace));
}

void show_sections(TomlPage& page,
                   const config::Config& config,
                   const config::GetEnvironment& environment) {
    page.header("plugins");
    std::vector<std::string> paths;
    for (const auto& path : config.plugin_paths) paths.push_back(path.string());
    page.line("paths", in_toml(paths), page.origin("plugins", "paths"));

    page.header("auth");
    page.line("refresh_lead", in_toml(config.refresh_lead), page.origin("auth", "refresh_lead"));
    page.line("login_timeout", in_toml(config.login_timeout), page.origin("auth", "login_timeout"));

    page.header("http");
    const auto proxy = or_environment({config.proxy, page.origin("http", "proxy")},
                                      {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"},
                                      environment);
    page.line("proxy", in_toml(without_userinfo(proxy.value)), proxy.origin);
    const auto ca_file = or_environment(
        {config.ca_file, page.origin("http", "ca_file")}, {"SSL_CERT_FILE"}, environment);
    page.line("ca_file", in_toml(ca_file.value), ca_file.origin);
    page.line(
        "connect_timeout", in_toml(config.connect_timeout), page.origin("http", "connect_timeout"));
    page.line("first_byte_timeout",
              in_toml(config.first_byte_timeout),
              page.origin("http", "first_byte_timeout"));
    page.line("idle_timeout", in_toml(config.idle_timeout), page.origin("http", "idle_timeout"));
    page.line(
        "max_retries", std::to_string(config.max_retries), page.origin("http", "max_retries"));

    page.header("serve");
    page.line("listen", in_toml(config.listen), page.origin("serve", "listen"));
    page.line("max_body", size_in_toml(config.max_body), page.origin("serve", "max_body"));
    page.line("max_queue", std::to_string(config.max_queue), page.origin("serve", "max_queue"));
    page.line(
        "queue_timeout", in_toml(config.queue_timeout), page.origin("serve", "queue_timeout"));
    page.line("fallback", in_toml(in_words(config.fallback)), page.origin("serve", "fallback"));
    show_front(page, config.front);
}

void show_models(TomlPage& page, const config::Config& config) {
    if (config.models.empty()) return;
    page.header("models");
    for (const auto& [name, alias] : config.models) {
        std::string value = fmt::format("{{ provider = {}, model = {}",
                                        in_toml(alias.first.provider),
                                        in_toml(alias.first.model));
        if (!alias.fallback.empty())
            value += fmt::format(", fallback = {}", in_toml(in_words(alias.fallback)));
        page.line(name, value + " }", page.origin("models", name));
    }
}

class ProviderPage {
public:
    ProviderPage(TomlPage& page, const Provider& provider) : page_(page), provider_(provider) {}

    void show() {
        const auto name = "providers." + key_in_toml(provider_.name);
        page_.header(name);
        if (provider_.preset) line("preset", in_toml(*provider_.preset));
        line("plugin", in_toml(provider_.plugin));
        line("base_url", in_toml(provider_.base_url));
        line("dialects", in_toml(provider_.dialects));
        if (!provider_.model.empty()) line("model", in_toml(provider_.model));
        line("account", in_toml(provider_.account));
        if (provider_.auth_method) line("auth_method", in_toml(*provider_.auth_method));
        if (const auto most = provider_.configured_concurrency ? provider_.configured_concurrency
                                                               : provider_.manifest_concurrency) {
            line("concurrency", std::to_string(*most));
        }
        if (provider_.allow_http) line("allow_http", "true");
        compatibility(name);
        members(name, "headers", "headers.", provider_.headers);
        members(name, "query", "query.", provider_.query);
        options(name);
        for (const auto& method : provider_.methods) {
            page_.header(name + ".auth." + key_in_toml(method.id));
            this->method(name, method);
        }
    }

private:
    [[nodiscard]] std::string origin(const std::string& path) const {
        const auto found = provider_.origins_of_values.find(path);
        return found == provider_.origins_of_values.end() ? "default" : found->second;
    }

    void line(const std::string& key, std::string_view value) {
        page_.line(key, value, origin(key));
    }

    static std::string shown(bool value) { return value ? "true" : "false"; }
    static std::string shown(int value) { return std::to_string(value); }
    static std::string shown(const auto& value) { return in_toml(value); }

    void compatibility(const std::string& table) {
        if (provider_.compatibility == config::Compatibility()) return;
        page_.header(table + ".compatibility");
        config::each_switch([&](const char* name, auto member) {
            const auto& value = provider_.compatibility.*member;
            if (!value) return;
            page_.line(name, shown(*value), origin(std::string("compatibility.") + name));
        });
    }

    void members(const std::string& table,
                 std::string_view key,
                 const std::string& path,
                 const std::map<std::string, std::string>& values) {
        if (values.empty()) return;
        page_.header(fmt::format("{}.{}", table, key));
        for (const auto& [name, value] : values) {
            const auto shown = looks_secret(name, value) ? hidden : std::string_view(value);
            page_.line(name, in_toml(shown), origin(path + name));
        }
    }

    void options(const std::string& table) {
        const auto parsed = boost::json::parse(provider_.options);
        const auto* object = parsed.if_object();
        if (object == nullptr || object->empty()) return;
        page_.header(table + ".options");
        for (const auto& member : *object) {
            const std::string name(member.key().data(), member.key().size());
            const auto* text = member.value().if_string();
            const std::string_view value =
                text == nullptr ? "" : std::string_view(text->data(), text->size());
            std::string shown =
                text == nullptr ? boost::json::serialize(member.value()) : in_toml(value);
            if (!value.empty() && looks_secret(name, value)) shown = in_toml(hidden);
            page_.line(name, shown, origin("options." + name));
        }
    }

    void method(const std::string& table, const auth::Method& method) {
        id_ = method.id;
        const bool subscription = method.billing == auth::Billing::subscription;
        own("kind", in_toml(auth::name_of(method.kind, auth::kinds)));
        page_.line(
            "billing",
            in_toml(auth::name_of(method.billing, auth::billings)),
            origin("auth." + id_ + ".billing") + (subscription ? "; one request at a time" : ""));
        if (!method.label.empty()) own("label", in_toml(method.label));
        if (method.kind == auth::Kind::oauth2) oauth2(method);
        if (method.kind == auth::Kind::api_key) environment(method);
        const auto name = table + ".auth." + key_in_toml(id_);
        const auto path = "auth." + id_ + ".";
        if (method.kind == auth::Kind::oauth2) {
            members(name, "authorize_params", path + "authorize_params.", method.authorize_params);
            members(name, "token_params", path + "token_params.", method.token_params);
        }
        templates(name, "claims", method.claims);
        templates(name, "attach", method.attach);
    }

    void own(const std::string& key, std::string_view value) {
        page_.line(key, value, origin("auth." + id_ + "." + key));
    }

    void environment(const auth::Method& method) {
        if (!provider_.manifest_env_applies && provider_.config_env.count(method.id) == 0) {
            return page_.line(
                "env",
                "[]",
                "default: base_url was moved elsewhere, so declared variables do not apply");
        }
        own("env", in_toml(method.env));
    }

    void oauth2(const auth::Method& method) {
        own("issuer", in_toml(method.issuer));
        own("discovery", in_toml(auth::name_of(method.discovery, auth::discoveries)));
        endpoint("authorization_endpoint", method.endpoints.authorization_endpoint);
        endpoint("token_endpoint", method.endpoints.token_endpoint);
        endpoint("revocation_endpoint", method.endpoints.revocation_endpoint);
        endpoint("device_authorization_endpoint", method.endpoints.device_authorization_endpoint);
        endpoint("device_token_endpoint", method.endpoints.device_token_endpoint);
        endpoint("verification_uri", method.endpoints.verification_uri);
        own("device_flow", in_toml(auth::name_of(method.device_flow, auth::device_flows)));
        own("client_id", in_toml(method.client_id));
        own("scopes", in_toml(method.scopes));
        own("redirect_uris", in_toml(method.redirect_uris));
        own("refresh_encoding", in_toml(auth::name_of(method.refresh_encoding, auth::encodings)));
        own("revocation_encoding",
            in_toml(auth::name_of(method.revocation_encoding, auth::encodings)));
        own("nonce", in_toml(auth::name_of(method.nonce, auth::nonces)));
        if (!method.terminal_errors.empty())
            own("terminal_errors", in_toml(method.terminal_errors));
        if (method.refresh_lead) own("refresh_lead", in_toml(*method.refresh_lead));
        own("claims_from", in_toml(auth::name_of(method.claims_from, auth::claim_sources)));
        if (!method.subject.empty()) own("subject", in_toml(method.subject));
    }

    void endpoint(const std::string& key, const std::optional<std::string>& url) {
        if (url) own(key, in_toml(*url));
    }

    // A template names what goes in; one without a placeholder may be a value that someone wrote
    // out.
    void templates(const std::string& table,
                   const std::string& key,
                   const std::map<std::string, std::string>& values) {
        if (values.empty()) return;
        page_.header(table + "." + key);
        const auto place = "auth." + id_ + "." + key + ".";
        for (const auto& [name, value] : values) {
            const bool written_out = key == "attach" && value.find('{') == std::string::npos;
            const auto shown =
                written_out && looks_secret(name, value) ? hidden : std::string_view(value);
            page_.line(name, in_toml(shown), origin(place + name));
        }
    }

    TomlPage& page_;
    const Provider& provider_;
    std::string id_;
};

// The configured providers and the default one, each once.
std::vector<std::string> shown_names(const config::Config& config,
                                     const std::string& default_name) {
    std::vector<std::string> names;
    for (const auto& entry : config.providers) names.push_back(entry.first);
    if (!default_name.empty() && config.providers.count(default_name) == 0)
        names.push_back(default_name);
    return names;
}

}  // namespace

std::string show(const Sources& sources, const config::GetEnvironment& environment) {
    const auto& config = sources.config;
    TomlPage page(config);
    page.comment(fmt::format("{}{}",
                             text::printable(config.file.string()),
                             config.exists ? "" : " (not there: defaults)"));
    const auto chosen = default_provider(config, environment);
    if (!chosen.value.empty()) page.line("default_provider", in_toml(chosen.value), chosen.origin);
    show_sections(page, config, environment);
    show_models(page, config);
    for (const auto& name : shown_names(config, chosen.value)) {
        const auto provider = resolve(name, sources);
        if (provider) {
            ProviderPage(page, *provider).show();
        } else {
            page.header("providers." + key_in_toml(name));
            page.comment(fmt::format("cannot be used: {} [{}]",
                                     text::printable(provider.error().message),
                                     code_name(provider.error().code)));
        }
    }
    return std::move(page).text();
}

std::vector<Error> check(const Sources& sources, const config::GetEnvironment& environment) {
    std::vector<Error> errors;
    for (const auto& name :
         shown_names(sources.config, default_provider(sources.config, environment).value)) {
        auto provider = resolve(name, sources);
        if (!provider) errors.push_back(std::move(provider).error());
    }
    return errors;
}

}  // namespace handover::providers
