// Which models a provider serves: asked of the provider through its plugin, kept for an hour. Needs
// no lease: a list is no generation, so it never waits for the request that a subscription has in
// flight, and holds none back.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "auth/broker.hpp"
#include "http/message.hpp"
#include "plugins/plugin.hpp"
#include "providers/provider.hpp"

namespace handover::models {

// Whom to ask, and with what.
struct Source {
    const providers::Provider& provider;
    const plugins::Instance& instance;
    auth::Broker& broker;
    http::Send send = {};
    auth::Clock clock = {};
    std::string account = {};                 // empty: the provider's own
    std::filesystem::path cache_folder = {};  // empty: nothing is kept
    std::chrono::seconds fresh_for = std::chrono::hours(1);
};

enum class Origin {
    provider,     // asked just now
    cache,        // asked within `fresh_for`
    stale_cache,  // older, and the provider could not be reached
};

struct Listing {
    std::vector<plugins::Model> models = {};  // in the provider's order
    Time fetched_at = {};                     // when the provider said so
    Origin origin = Origin::provider;
    std::optional<Error> unreachable = {};  // why it is stale
};

enum class Freshness { kept_will_do, ask_again };

// The provider's models. Blocks for at most about a minute where a provider hangs; safe to call
// from any thread, also at the same time. Errors: PROVIDER_REJECTED where the plugin lists no
// models or the provider refuses, AUTH_*, PROVIDER_UNAVAILABLE and PROVIDER_RATE_LIMITED only where
// nothing is kept, PLUGIN_FAILED.
Result<Listing> list_models(const Source& source, Freshness freshness, const std::stop_token& stop);

// What is kept, whatever its age; asks nobody. For completion, and for answers that cannot wait.
std::optional<Listing> kept_models(const providers::Provider& provider,
                                   const std::string& account,
                                   const std::filesystem::path& cache_folder);

}  // namespace handover::models
