// The endpoints that lead to providers: POST /v1/responses, /v1/chat/completions, /v1/embeddings,
// GET /v1/models and /v1/models/{id}.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "auth/broker.hpp"
#include "gateway/left_out_fields.hpp"
#include "gateway/request_slots.hpp"
#include "gateway/routes.hpp"
#include "gateway/routing.hpp"
#include "gateway/workers.hpp"
#include "http/client.hpp"
#include "limits/ledgers.hpp"
#include "plugins/plugin.hpp"
#include "providers/provider.hpp"

namespace handover::gateway {

struct ApiShared;

// What stays when a reload makes another ModelApi.
struct Lasting {
    Workers workers{};
    SlotTable slots{};
    LeftOutFields left_out{};
};

struct ModelApiParts {
    RoutingTable routing = {};

    // Called when a provider is first asked for, one call at a time, on whatever thread.
    std::function<Result<providers::Provider>(const std::string& name)> provider = {};
    std::function<Result<plugins::Instance>(const providers::Provider&)> instance = {};

    // Safe for threads; outlive every request.
    auth::Broker* broker = nullptr;
    limits::Ledgers* ledgers = nullptr;
    auth::Clock clock = {};

    std::shared_ptr<Lasting> lasting = {};
    // How many requests may be in flight at once, of metered providers that are bounded.
    std::map<std::string, int> concurrency = {};

    http::ClientOptions client = {};
    http::Send send = {};                     // for lists of models; blocks
    std::filesystem::path cache_folder = {};  // where such lists are kept; empty: nowhere
    int max_retries = 3;
    int max_queue = 256;
    std::chrono::milliseconds queue_timeout = std::chrono::minutes(1);
};

// One reading of the config, shared by all loops; a reload makes another.
class ModelApi {
public:
    static std::shared_ptr<ModelApi> make(ModelApiParts parts);
    ~ModelApi();
    ModelApi(const ModelApi&) = delete;
    ModelApi& operator=(const ModelApi&) = delete;

    // The default provider's plugin is loaded and its config found good: for a start or a reload
    // that fails at once instead of at the first request. Blocking.
    Result<void> check();
    // From now on this reading of the config holds for what lasts.
    void take_over();

    // For one loop, on its thread. The routes keep this object alive.
    void add_routes(Routes& routes, const LoopContext& loop);

private:
    explicit ModelApi(std::shared_ptr<ApiShared> shared);

    std::shared_ptr<ApiShared> shared_;
};

}  // namespace handover::gateway
