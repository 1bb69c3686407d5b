#include "gateway/model_api.hpp"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <utility>

#include "gateway/generation.hpp"
#include "gateway/model_listing.hpp"

namespace handover::gateway {
namespace {

constexpr std::chrono::seconds between_sweeps(30);

// After busy times many connections to upstreams rest, and the last request may have come.
void sweep(const std::shared_ptr<ApiLoop>& loop) {
    loop->sweep.expires_after(between_sweeps);
    loop->sweep.async_wait([weak = std::weak_ptr(loop)](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->client.close_idle();
        sweep(self);
    });
}

}  // namespace

std::shared_ptr<ModelApi> ModelApi::make(ModelApiParts parts) {
    return std::shared_ptr<ModelApi>(new ModelApi(std::make_shared<ApiShared>(std::move(parts))));
}

ModelApi::ModelApi(std::shared_ptr<ApiShared> shared) : shared_(std::move(shared)) {}
ModelApi::~ModelApi() = default;

Result<void> ModelApi::check() {
    const auto& name = shared_->parts.routing.default_provider;
    if (name.empty()) return {};
    const auto ready = shared_->ready->make(name);
    if (!ready) return ready.failure();
    return {};
}

void ModelApi::take_over() {
    shared_->parts.lasting->slots.allow(shared_->parts.concurrency);
}

void ModelApi::add_routes(Routes& routes, const LoopContext& loop) {
    const auto own = std::make_shared<ApiLoop>(shared_, loop.io);
    sweep(own);
    const auto generates = [&](std::string_view path, Endpoint endpoint) {
        routes.add("POST", path, [own, endpoint](ClientRequest& request, Responder& responder) {
            return generate(own, endpoint, request, responder);
        });
    };
    generates("/v1/responses", Endpoint::responses);
    generates("/v1/chat/completions", Endpoint::chat_completions);
    generates("/v1/embeddings", Endpoint::embeddings);
    routes.add("GET", "/v1/models", [own](ClientRequest& request, Responder& responder) {
        return answer_models(own, request, responder);
    });
    routes.add("GET", "/v1/models/*", [own](ClientRequest& request, Responder& responder) {
        return answer_model(own, request, responder);
    });
}

}  // namespace handover::gateway
