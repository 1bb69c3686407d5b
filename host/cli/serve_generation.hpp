// One reading of the config as the gateway needs it: services of its own, and what answers with
// them. A reload makes another; the old one goes with its last request.
#pragma once

#include <handover/result.hpp>

#include <memory>
#include <string>

#include "cli/services.hpp"
#include "gateway/front_state.hpp"
#include "gateway/model_api.hpp"

namespace handover::cli {

struct ServeGeneration {
    gateway::FrontState front = {};  // without keys
    std::shared_ptr<gateway::ModelApi> api = {};
    std::string listen = {};  // where the config wants it to listen
};

// What belongs to the process and not to a reading of its config.
struct ServeProcess {
    std::shared_ptr<gateway::Lasting> lasting = std::make_shared<gateway::Lasting>();
    auth::RefreshObserver on_refresh = {};
};

// Reads the config and finds it good, the default provider's plugin included. Blocking.
Result<ServeGeneration> make_serve_generation(const Outside& outside,
                                              const GlobalOptions& options,
                                              const ServeProcess& process);

}  // namespace handover::cli
