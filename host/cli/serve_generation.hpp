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

// Reads the config and finds it good, the default provider's plugin included. Blocking.
Result<ServeGeneration> make_serve_generation(const Outside& outside, const GlobalOptions& options);

}  // namespace handover::cli
