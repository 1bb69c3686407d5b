#include "providers/methods.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "text/nearest.hpp"

namespace handover::providers {
namespace {

using config::in_quotes;
using config::Position;
using config::Table;
using config::Value;

constexpr std::array<std::string_view, 6> endpoint_keys = {"authorization_endpoint",
                                                           "token_endpoint",
                                                           "revocation_endpoint",
                                                           "device_authorization_endpoint",
                                                           "device_token_endpoint",
                                                           "verification_uri"};

std::string_view text_of(const Table& table, std::string_view key) {
    const auto* value = table.find(key);
    const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(&value->data);
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

void put(Table& table, const std::string& key, std::string text, const Position& at) {
    table.members.insert_or_assign(key, Value{.data = std::move(text), .at = at});
}

// An overridden issuer takes the `{issuer}` endpoints along; absolute ones belong to the old issuer
// and go. Where too little is left for the declared order, discovery takes over.
void follow_issuer(Table& under, const Table& over) {
    const auto* issuer = over.find("issuer");
    if (issuer == nullptr || text_of(over, "issuer") == text_of(under, "issuer")) return;
    for (const auto key : endpoint_keys) {
        const auto declared = under.members.find(key);
        if (declared != under.members.end() && text_of(under, key).substr(0, 8) != "{issuer}") {
            under.members.erase(declared);
        }
    }
    const auto left = [&](std::string_view key) {
        return under.find(key) != nullptr || over.find(key) != nullptr;
    };
    const bool complete = left("token_endpoint") &&
                          (left("authorization_endpoint") || left("device_authorization_endpoint"));
    if (!complete && under.find("discovery") != nullptr)
        put(under, "discovery", "first", issuer->at);
}

// An empty template takes a header of the layer below away.
void drop_empty_attach(Table& merged) {
    const auto found = merged.members.find("attach");
    if (found == merged.members.end()) return;
    auto* attach = std::get_if<Table>(&found->second.data);
    if (attach == nullptr) return;
    for (auto header = attach->members.begin(); header != attach->members.end();) {
        const auto* text = std::get_if<std::string>(&header->second.data);
        header =
            text != nullptr && text->empty() ? attach->members.erase(header) : std::next(header);
    }
}

class Merging {
public:
    Merging(const Layers& layers, Provider& provider, config::Problems& problems)
        : layers_(layers), provider_(provider), problems_(problems) {}

    void run() {
        for (const auto& declared : layers_.manifest.auth_tables) {
            const std::string id(text_of(declared, "id"));
            auto table = declared;
            for (const auto* over : {preset_override(id), user_override(id)}) {
                if (over != nullptr) table = overridden(id, std::move(table), *over);
            }
            accept(id, std::move(table), Declared::by_manifest);
        }
        if (layers_.preset) add_new(layers_.preset->auth);
        if (layers_.user != nullptr) add_new(layers_.user->auth);
        refuse_strangers();
    }

private:
    enum class Declared { by_manifest, elsewhere };

    [[nodiscard]] const Table* preset_override(const std::string& id) const {
        return layers_.preset ? find(layers_.preset->auth, id) : nullptr;
    }
    [[nodiscard]] const Table* user_override(const std::string& id) const {
        return layers_.user == nullptr ? nullptr : find(layers_.user->auth, id);
    }
    static const Table* find(const std::map<std::string, Table>& tables, const std::string& id) {
        const auto found = tables.find(id);
        return found == tables.end() ? nullptr : &found->second;
    }

    [[nodiscard]] bool known(const std::string& id) const {
        return std::any_of(provider_.methods.begin(),
                           provider_.methods.end(),
                           [&](const auto& method) { return method.id == id; });
    }

    Table overridden(const std::string& id, Table under, const Table& over) {
        if (const auto* own_id = over.find("id")) {
            problems_.add(
                own_id->at,
                fmt::format("the id of auth method {} stands in its table's name", in_quotes(id)));
            return under;
        }
        if (const auto* kind = over.find("kind");
            kind != nullptr && text_of(over, "kind") != text_of(under, "kind")) {
            problems_.add(
                kind->at,
                fmt::format("auth method {} is declared as {}; give another kind a name of its own",
                            in_quotes(id),
                            in_quotes(text_of(under, "kind"))));
            return under;
        }
        if (const auto* billing = over.find("billing");
            billing != nullptr && text_of(under, "billing") == "subscription" &&
            text_of(over, "billing") != "subscription") {
            problems_.add(
                billing->at,
                fmt::format(
                    "auth method {} is declared a subscription and stays one: billing may only be "
                    "tightened",
                    in_quotes(id)));
            return under;
        }
        follow_issuer(under, over);
        return config::merge(under, over);
    }

    // Methods that bring a `kind` and that no layer below has.
    void add_new(const std::map<std::string, Table>& tables) {
        for (const auto& [id, table] : tables) {
            if (known(id) || table.find("kind") == nullptr || refused_id(id, table)) continue;
            auto own = table;
            const auto* over = user_override(id);
            if (over != nullptr && over != &table) own = overridden(id, std::move(own), *over);
            put(own, "id", id, table.at);
            if (own.find("billing") == nullptr) put(own, "billing", default_billing(own), table.at);
            if (loosens_subscription(own)) {
                problems_.add(
                    own.find("billing")->at,
                    fmt::format(
                        "auth method {} logs in to the issuer of a subscription of plugin {}: its "
                        "billing is \"subscription\"",
                        in_quotes(id),
                        layers_.plugin));
                continue;
            }
            accept(id, std::move(own), Declared::elsewhere);
        }
    }

    bool refused_id(const std::string& id, const Table& table) {
        const auto* own_id = table.find("id");
        if (own_id == nullptr) return false;
        problems_.add(
            own_id->at,
            fmt::format("the id of auth method {} stands in its table's name", in_quotes(id)));
        return true;
    }

    [[nodiscard]] bool at_issuer_of_subscription(const Table& table) const {
        const auto issuer = text_of(table, "issuer");
        if (issuer.empty()) return false;
        const auto serves = [&](const Table& declared) {
            // One origin is one authority: a trailing slash or another case makes no second one.
            return text_of(declared, "billing") == "subscription" &&
                   !moved(text_of(declared, "issuer"), issuer);
        };
        const auto& declared = layers_.manifest.auth_tables;
        return std::any_of(declared.begin(), declared.end(), serves);
    }

    [[nodiscard]] std::string default_billing(const Table& table) const {
        if (at_issuer_of_subscription(table)) return "subscription";
        return text_of(table, "kind") == "none" ? "local" : "metered";
    }

    [[nodiscard]] bool loosens_subscription(const Table& table) const {
        return at_issuer_of_subscription(table) && text_of(table, "billing") != "subscription";
    }

    void accept(const std::string& id, Table table, Declared declared) {
        drop_empty_attach(table);
        auto method = plugins::decode_method(table, problems_);
        method.id = id;
        keep_environment_apart(id, method, declared);
        remember_origins("auth." + id, table);
        provider_.methods.push_back(std::move(method));
    }

    // A variable belongs to the place it was named for: the manifest's never go to a preset's
    // service, nor a preset's to an origin of the user's.
    void keep_environment_apart(const std::string& id, auth::Method& method, Declared declared) {
        const auto* user = user_override(id);
        if (user != nullptr && user->find("env") != nullptr) {
            provider_.config_env.emplace(id, method.env);
            return;
        }
        const auto* preset = preset_override(id);
        const bool preset_names = preset != nullptr && preset->find("env") != nullptr;
        const bool preset_moved = layers_.preset && layers_.preset->base_url &&
                                  moved(layers_.manifest.base_url, *layers_.preset->base_url);
        if (declared == Declared::by_manifest && preset_moved && !preset_names) method.env.clear();
    }

    void remember_origins(const std::string& path, const Table& table) {
        for (const auto& [key, value] : table.members) {
            const auto own_path = path + "." + key;
            if (const auto* members = std::get_if<Table>(&value.data)) {
                remember_origins(own_path, *members);
            } else {
                provider_.origins_of_values.insert_or_assign(own_path, layers_.origin(value.at));
            }
        }
    }

    // Overrides of a method that nobody declares.
    void refuse_strangers() {
        if (layers_.user == nullptr) return;
        std::vector<std::string> ids;
        for (const auto& method : provider_.methods) ids.push_back(method.id);
        for (const auto& [id, table] : layers_.user->auth) {
            if (known(id) || table.find("kind") != nullptr) continue;
            problems_.add(table.at,
                          fmt::format("plugin {} declares no auth method {}.{} It has: {}. A "
                                      "method of your own needs a "
                                      "kind",
                                      layers_.plugin,
                                      in_quotes(id),
                                      text::did_you_mean(id, ids),
                                      fmt::join(ids, ", ")));
        }
    }

    const Layers& layers_;
    Provider& provider_;
    config::Problems& problems_;
};

}  // namespace

void merge_methods(const Layers& layers, Provider& provider, config::Problems& problems) {
    Merging(layers, provider, problems).run();
}

}  // namespace handover::providers
