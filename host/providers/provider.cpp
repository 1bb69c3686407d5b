#include "providers/provider.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "config/table_reader.hpp"
#include "config/url.hpp"
#include "providers/layers.hpp"
#include "providers/methods.hpp"
#include "providers/options.hpp"
#include "text/nearest.hpp"

namespace handover::providers {
namespace {

using config::in_quotes;
using config::Problems;
using config::ProviderSettings;

bool same_header(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

// Fills the plain values of a provider, layer by layer.
class Resolution {
public:
    explicit Resolution(Layers layers) : layers_(std::move(layers)) {
        if (layers_.preset) weakest_first_.push_back(&*layers_.preset);
        if (layers_.user != nullptr) weakest_first_.push_back(layers_.user);
    }

    Result<Provider> run() {
        identity();
        base_url();
        dialects();
        model();
        account();
        concurrency();
        compatibility();
        maps();
        merge_methods(layers_, provider_, problems_);
        auth_method();
        headers_owned_by_methods();
        merge_options(layers_, provider_, problems_);
        if (provider_.base_url.empty() && problems_.empty()) return no_base_url();
        if (!problems_.empty()) {
            return fail(problems_.error(Errc::config_invalid,
                                        "mend the config, then run: handover config check"));
        }
        return std::move(provider_);
    }

private:
    // The strongest layer that says `member`; where it came from is remembered under `key`.
    template <typename T>
    const T* strongest(std::optional<T> ProviderSettings::*member, const std::string& key) {
        const T* found = nullptr;
        for (const auto* layer : weakest_first_) {
            if (!(layer->*member)) continue;
            found = &*(layer->*member);
            provider_.origins_of_values[key] = layers_.origin(place(*layer, key));
        }
        return found;
    }

    static config::Position place(const ProviderSettings& layer, std::string_view key) {
        const auto* value = layer.source.find(key);
        return value == nullptr ? layer.source.at : value->at;
    }

    // The place of the strongest layer's value, for a problem with it.
    [[nodiscard]] config::Position place(std::string_view key) const {
        for (auto layer = weakest_first_.rbegin(); layer != weakest_first_.rend(); ++layer) {
            if (const auto* value = (*layer)->source.find(key)) return value->at;
        }
        return {.file = "provider " + layers_.name};
    }

    void declared(const std::string& key) {
        provider_.origins_of_values[key] = "plugin " + layers_.plugin;
    }

    void identity() {
        provider_.name = layers_.name;
        provider_.plugin = layers_.plugin;
        provider_.origins_of_values["plugin"] = "default";
        (void)strongest(&ProviderSettings::plugin, "plugin");
        if (!layers_.preset) return;
        provider_.preset = layers_.preset_name;
        provider_.origins_of_values["preset"] = "default";
        (void)strongest(&ProviderSettings::preset, "preset");
    }

    void base_url() {
        if (const auto* allow = strongest(&ProviderSettings::allow_http, "allow_http"))
            provider_.allow_http = *allow;
        if (const auto* said = strongest(&ProviderSettings::base_url, "base_url")) {
            provider_.base_url = *said;
        } else {
            provider_.base_url = layers_.manifest.base_url;
            declared("base_url");
        }
        if (provider_.base_url.empty()) return;
        const auto url = config::parse_url(provider_.base_url);
        provider_.warns_plain_http = url && url->scheme == "http" && !url->loopback();
        if (provider_.warns_plain_http && !provider_.allow_http) {
            problems_.add(place("base_url"),
                          "\"base_url\" is plain http to a host that is not loopback: whoever is "
                          "on the way reads the "
                          "credential. Make it https, or add: allow_http = true");
        }
        const auto defined = layers_.defined_base_url();
        provider_.manifest_env_applies = defined.empty() || !moved(defined, provider_.base_url);
        // Further hosts are part of the plugin's own service; elsewhere nothing vouches for them.
        if (at_home()) provider_.hosts = layers_.manifest.hosts;
    }

    [[nodiscard]] bool at_home() const {
        return layers_.manifest.base_url.empty() ||
               !moved(layers_.manifest.base_url, provider_.base_url);
    }

    void dialects() {
        provider_.dialects = layers_.manifest.dialects;
        declared("dialects");
        const auto* said = strongest(&ProviderSettings::dialects, "dialects");
        if (said == nullptr) return;
        provider_.dialects = *said;
        const auto& accepted = layers_.manifest.dialects;
        for (const auto& dialect : *said) {
            if (std::find(accepted.begin(), accepted.end(), dialect) != accepted.end()) continue;
            problems_.add(place("dialects"),
                          fmt::format("plugin {} does not speak {}; it speaks: {}",
                                      layers_.plugin,
                                      in_quotes(dialect),
                                      fmt::join(accepted, ", ")));
        }
    }

    void model() {
        if (const auto* said = strongest(&ProviderSettings::model, "model")) {
            provider_.model = *said;
        } else if (at_home() && !layers_.manifest.default_model.empty()) {
            // Another service has other models.
            provider_.model = layers_.manifest.default_model;
            declared("model");
        }
    }

    void account() {
        provider_.origins_of_values["account"] = "default";
        if (const auto* said = strongest(&ProviderSettings::account, "account"))
            provider_.account = *said;
    }

    void concurrency() {
        provider_.manifest_concurrency = layers_.manifest.concurrency;
        if (layers_.manifest.concurrency) declared("concurrency");
        if (const auto* said = strongest(&ProviderSettings::concurrency, "concurrency")) {
            provider_.configured_concurrency = *said;
        }
    }

    // Switch by switch: the user changes one without repeating the preset's others.
    void compatibility() {
        for (const auto* layer : weakest_first_) {
            config::each_switch([&](const char* name, auto member) {
                const auto& said = layer->compatibility.*member;
                if (!said) return;
                provider_.compatibility.*member = said;
                provider_.origins_of_values[std::string("compatibility.") + name] =
                    layers_.origin(member_place(*layer, "compatibility", name));
            });
        }
    }

    void maps() {
        for (const auto* layer : weakest_first_) {
            for (const auto& [name, value] : layer->headers) set_header(*layer, name, value);
            for (const auto& [name, value] : layer->query) {
                provider_.query[name] = value;
                provider_.origins_of_values["query." + name] =
                    layers_.origin(member_place(*layer, "query", name));
            }
        }
    }

    void set_header(const ProviderSettings& layer,
                    const std::string& name,
                    const std::string& value) {
        const auto same = std::find_if(
            provider_.headers.begin(), provider_.headers.end(), [&](const auto& header) {
                return same_header(header.first, name);
            });
        if (same != provider_.headers.end()) {
            provider_.origins_of_values.erase("headers." + same->first);
            provider_.headers.erase(same);
        }
        provider_.headers[name] = value;
        provider_.origins_of_values["headers." + name] =
            layers_.origin(member_place(layer, "headers", name));
    }

    static config::Position member_place(const ProviderSettings& layer,
                                         std::string_view key,
                                         std::string_view name) {
        const auto* value = layer.source.find(key);
        const auto* table = value == nullptr ? nullptr : std::get_if<config::Table>(&value->data);
        const auto* member = table == nullptr ? nullptr : table->find(name);
        return member == nullptr ? place(layer, key) : member->at;
    }

    void auth_method() {
        const auto* said = strongest(&ProviderSettings::auth_method, "auth_method");
        if (said == nullptr) return;
        std::vector<std::string> ids;
        for (const auto& method : provider_.methods) ids.push_back(method.id);
        if (std::find(ids.begin(), ids.end(), *said) == ids.end()) {
            problems_.add(place("auth_method"),
                          fmt::format("there is no auth method {}.{} It takes: {}.",
                                      in_quotes(*said),
                                      text::did_you_mean(*said, ids),
                                      fmt::join(ids, ", ")));
        }
        provider_.auth_method = *said;
    }

    // A credential is never written into the config as a header, and never overwritten by one.
    void headers_owned_by_methods() {
        for (const auto& header : provider_.headers) {
            const auto& name = header.first;
            const bool attached = std::any_of(
                provider_.methods.begin(), provider_.methods.end(), [&](const auto& method) {
                    return std::any_of(
                        method.attach.begin(), method.attach.end(), [&](const auto& entry) {
                            return same_header(entry.first, name);
                        });
                });
            if (!attached && !same_header(name, "Authorization")) continue;
            problems_.add(
                header_place(name),
                fmt::format(
                    "header {} carries the credential: the host sets it (handover auth login {})",
                    in_quotes(name),
                    layers_.name));
        }
    }

    [[nodiscard]] config::Position header_place(const std::string& name) const {
        for (auto layer = weakest_first_.rbegin(); layer != weakest_first_.rend(); ++layer) {
            if ((*layer)->headers.count(name) != 0) return member_place(**layer, "headers", name);
        }
        return place("headers");
    }

    [[nodiscard]] Failure no_base_url() const {
        const bool example = layers_.preset && layers_.preset->base_url_example;
        return fail(
            {.code = Errc::config_invalid,
             .message = fmt::format("provider {} needs a base_url", in_quotes(layers_.name)),
             .reason = layers_.preset
                           ? fmt::format("preset {} leaves the address to you", layers_.preset_name)
                           : fmt::format("plugin {} names no service of its own", layers_.plugin),
             .fix =
                 fmt::format("add to the config: [providers.{}] base_url = \"{}\"",
                             layers_.name,
                             example ? *layers_.preset->base_url_example : "https://HOST/PATH")});
    }

    Layers layers_;
    std::vector<const ProviderSettings*> weakest_first_;
    Provider provider_;
    Problems problems_;
};

}  // namespace

auth::Target Provider::target(const std::string& wanted_account) const {
    auth::Target target;
    target.provider = name;
    target.account = wanted_account.empty() ? account : wanted_account;
    target.methods = methods;
    target.auth_method = auth_method;
    target.manifest_env_applies = manifest_env_applies;
    target.config_env = config_env;
    if (const auto url = config::parse_url(base_url)) target.origins.push_back(url->origin());
    for (const auto& host : hosts) {
        if (const auto url = config::parse_url(host)) target.origins.push_back(url->origin());
    }
    return target;
}

Result<Provider> resolve(const std::string& name, const Sources& sources) {
    auto layers = find_layers(name, sources);
    if (!layers) return std::move(layers).failure();
    return Resolution(std::move(*layers)).run();
}

std::vector<std::string> known_names(const Sources& sources) {
    std::vector<std::string> names;
    std::set<std::string> seen;
    const auto add = [&](const std::string& name) {
        if (seen.insert(name).second) names.push_back(name);
    };
    for (const auto& entry : sources.config.providers) add(entry.first);
    for (const auto& name : config::preset_names()) add(name);
    for (const auto& name : sources.plugin_ids()) add(name);
    return names;
}

}  // namespace handover::providers
