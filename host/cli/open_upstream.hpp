// A provider as commands send requests to it: config read, plugin loaded, everything at hand.
#pragma once

#include <handover/result.hpp>

#include <string>

#include "cli/services.hpp"
#include "run/run.hpp"

namespace handover::cli {

struct OpenUpstream {
    providers::Provider provider;
    plugins::Instance instance;
    auth::Broker& broker;
    http::Client* client = nullptr;
    limits::Ledgers* ledgers = nullptr;
    int max_retries = 0;
    auth::Clock clock = {};

    // As long as this object and the services are there. `account`: empty for the provider's own.
    [[nodiscard]] run::Upstream under(const std::string& account) const;
};

// Errors as the services have them, in the order in which one would mend them.
Result<OpenUpstream> open_upstream(const std::string& provider, Services& services);

}  // namespace handover::cli
