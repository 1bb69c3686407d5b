// The gateway's front as a whole: one event loop for each CPU, sockets, signals, reload, drain.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include <handover/result.hpp>

#include "gateway/admission.hpp"
#include "gateway/front_state.hpp"
#include "gateway/listening_socket.hpp"
#include "gateway/metrics.hpp"
#include "gateway/routes.hpp"

namespace handover::gateway {

struct ServerOptions {
    std::vector<ListeningSocket> listening = {};
    FrontState front = {};
    MakeRoutes make_routes = {};
    // SIGHUP: what holds from now on; a failure is logged and everything stays. Called on a thread
    // of its own; when it succeeded `make_routes` is called again, once for each loop.
    std::function<Result<FrontState>()> reload = {};
    // A reload is over, well or not: what it changed holds on every loop. On whatever thread.
    std::function<void()> reload_ended = {};
    // Asked once a second on the first loop's thread: the keys, if their file has changed.
    std::function<std::optional<std::vector<GatewayKey>>()> changed_keys = {};
    std::stop_token stop = {};  // asks for an orderly end
    // Called by `run_server` once SIGHUP and `stop` are heeded.
    std::function<void()> ready = {};
    // Called at the end on a thread of its own, while the loops still run: whoever could hand
    // something to one of them has done so when it returns. Ends what takes long.
    std::function<void()> finish = {};
};

// The CPUs that this process may run on; at least 1.
std::size_t usable_cpus();

// Routes of the front itself: GET /healthz and GET /metrics.
void add_own_routes(Routes& routes, const Metrics& metrics);

// Serves until `stop` is requested and the last answer is given, or the grace time is over. Blocks;
// the calling thread runs the first loop. `metrics` has as many loops as there are usable CPUs.
void run_server(ServerOptions options, Metrics& metrics);

}  // namespace handover::gateway
