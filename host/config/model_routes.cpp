#include "config/model_routes.hpp"

#include <fmt/format.h>

#include <optional>

#include "config/table_reader.hpp"

namespace handover::config {
namespace {

constexpr std::size_t longest_name = 256;  // bytes

std::optional<std::string> wrong_place(const ModelAt& place) {
    if (!is_provider_name(place.provider)) return "must begin with a provider's name";
    if (has_control(place.model)) return "has a control character";
    return std::nullopt;
}

ModelAlias read_table(const Table& table, const std::string& name, Problems& problems) {
    TableReader reader(table, name, problems);
    ModelAlias alias;
    alias.first.provider = reader.string("provider").value_or("");
    if (!alias.first.provider.empty() && !is_provider_name(alias.first.provider)) {
        reader.wrong("provider", "must be a provider's name");
    }
    alias.first.model = reader.string("model").value_or("");
    if (has_control(alias.first.model)) reader.wrong("model", "has a control character");
    alias.fallback = read_fallback(reader, "fallback");
    reader.finish();
    // A list without a place before it begins with its own first.
    if (alias.first == ModelAt() && !alias.fallback.empty()) {
        alias.first = alias.fallback.front();
        alias.fallback.erase(alias.fallback.begin());
    }
    return alias;
}

}  // namespace

ModelAt parse_model_at(const std::string& text) {
    const auto slash = text.find('/');
    if (slash == std::string::npos) return {.provider = text};
    return {.provider = text.substr(0, slash), .model = text.substr(slash + 1)};
}

std::vector<ModelAt> read_fallback(TableReader& reader, std::string_view key) {
    std::vector<ModelAt> places;
    for (const auto& text : reader.strings(key).value_or(std::vector<std::string>())) {
        auto place = parse_model_at(text);
        if (const auto wrong = wrong_place(place)) {
            reader.wrong(key, fmt::format("holds {}, which {}", in_quotes(text), *wrong));
        } else {
            places.push_back(std::move(place));
        }
    }
    return places;
}

std::map<std::string, ModelAlias> read_models(TableReader& top) {
    std::map<std::string, ModelAlias> aliases;
    const auto* table = top.table("models");
    if (table == nullptr) return aliases;
    for (const auto& [name, value] : table->members) {
        const auto bad = [&, &at = value.at](const std::string& what) {
            top.problems().add(at, what);
        };
        if (name.empty() || name.size() > longest_name || has_control(name)) {
            bad(fmt::format("{} is no name for a model", in_quotes(name)));
        } else if (const auto* inner = std::get_if<Table>(&value.data)) {
            aliases.emplace(name,
                            read_table(*inner, fmt::format("[models.{}]", name), top.problems()));
        } else if (const auto* text = std::get_if<std::string>(&value.data)) {
            auto place = parse_model_at(*text);
            if (const auto wrong = wrong_place(place)) {
                bad(fmt::format("model {}: {} {}", in_quotes(name), in_quotes(*text), *wrong));
            } else {
                aliases.emplace(name, ModelAlias{.first = std::move(place)});
            }
        } else {
            bad(fmt::format("model {} must be \"PROVIDER/MODEL\" or a table, not {}",
                            in_quotes(name),
                            value.type_name()));
        }
    }
    return aliases;
}

}  // namespace handover::config
