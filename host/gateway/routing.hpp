// Which providers a request goes to, by the model's name in it. Pure.
#pragma once

#include <handover/result.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/model_routes.hpp"

namespace handover::gateway {

// One place after the other, until one has room for the request; every provider at most once.
struct Itinerary {
    std::vector<config::ModelAt> stops = {};  // at least one; a model that is empty: the provider's

    bool operator==(const Itinerary&) const = default;
};

struct RoutingTable {
    std::string default_provider = {};  // empty: requests have to name one
    std::vector<config::ModelAt> fallback = {};
    std::map<std::string, config::ModelAlias> aliases = {};
    // What may stand before the slash: configured providers, and those with a stored credential.
    std::set<std::string, std::less<>> prefixes = {};
};

// Whether it takes the default provider's list to know who is meant.
bool is_ambiguous(const RoutingTable& table, std::string_view model);

// Whether the default provider lists a model of that whole name: it then is the model meant.
using ListedByDefault = std::function<bool(std::string_view model)>;

// PROVIDER_UNKNOWN where no provider is named and there is no default.
Result<Itinerary> itinerary(const RoutingTable& table,
                            std::string_view model,
                            const ListedByDefault& listed);

}  // namespace handover::gateway
