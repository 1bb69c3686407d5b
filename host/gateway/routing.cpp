#include "gateway/routing.hpp"

#include <algorithm>
#include <optional>

namespace handover::gateway {
namespace {

using config::ModelAt;

// The place with what it leaves open filled in.
std::optional<ModelAt> settled(ModelAt place, std::string_view model, const std::string& provider) {
    if (place.provider.empty()) place.provider = provider;
    if (place.model.empty()) place.model = model;
    if (place.provider.empty()) return std::nullopt;
    return place;
}

void append(Itinerary& to, const ModelAt& stop) {
    const bool known = std::any_of(to.stops.begin(), to.stops.end(), [&](const ModelAt& other) {
        return other.provider == stop.provider;
    });
    if (!known) to.stops.push_back(stop);
}

// A place of a fallback that names no model is asked for the same one.
Itinerary with_fallback(const ModelAt& first, const std::vector<ModelAt>& fallback) {
    Itinerary way;
    way.stops.push_back(first);
    for (const auto& place : fallback) append(way, *settled(place, first.model, first.provider));
    return way;
}

std::optional<ModelAt> split(const RoutingTable& table, std::string_view model) {
    const auto slash = model.find('/');
    if (slash == std::string_view::npos || !table.prefixes.contains(model.substr(0, slash)))
        return std::nullopt;
    return ModelAt{.provider = std::string(model.substr(0, slash)),
                   .model = std::string(model.substr(slash + 1))};
}

Failure nobody(std::string_view model) {
    return fail({.code = Errc::provider_unknown,
                 .message = "no provider is named" +
                            (model.empty() ? "" : " in the model \"" + std::string(model) + '"') +
                            ", and there is no default one",
                 .reason = {},
                 .fix = "name the model PROVIDER/MODEL, or set default_provider in the config"});
}

}  // namespace

bool is_ambiguous(const RoutingTable& table, std::string_view model) {
    return !table.default_provider.empty() && !table.aliases.contains(std::string(model)) &&
           split(table, model).has_value();
}

Result<Itinerary> itinerary(const RoutingTable& table,
                            std::string_view model,
                            const ListedByDefault& listed) {
    if (const auto alias = table.aliases.find(std::string(model)); alias != table.aliases.end()) {
        // The alias itself is no model's name: a place that names none takes the provider's own.
        const auto first = settled(alias->second.first, "", table.default_provider);
        if (!first) return nobody(model);
        return with_fallback(*first, alias->second.fallback);
    }
    const auto named = split(table, model);
    const bool of_default = named && !table.default_provider.empty() && listed && listed(model);
    if (named && !of_default) return Itinerary{.stops = {*named}};
    if (table.default_provider.empty()) return nobody(model);
    return with_fallback({.provider = table.default_provider, .model = std::string(model)},
                         table.fallback);
}

}  // namespace handover::gateway
