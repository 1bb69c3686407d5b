// One request for an answer of a model, from the client's body to the last byte back: where it
// goes, in which dialect, and what happens where that fails.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "dialects/dialect.hpp"
#include "gateway/client_request.hpp"
#include "gateway/listings_in_flight.hpp"
#include "gateway/model_api.hpp"
#include "gateway/model_listing.hpp"
#include "gateway/ready_providers.hpp"
#include "gateway/responder.hpp"
#include "http/loop_client.hpp"

namespace handover::gateway {

// What all loops share.
struct ApiShared {
    explicit ApiShared(ModelApiParts given);

    ModelApiParts parts;
    std::shared_ptr<ReadyProviders> ready;
    KnownModels known{};
    ListingsInFlight listings{};
};

// One loop's.
struct ApiLoop {
    ApiLoop(std::shared_ptr<ApiShared> all, boost::asio::io_context& io)
        : shared(std::move(all)), client(io, shared->parts.client), sweep(io) {}

    std::shared_ptr<ApiShared> shared;
    http::LoopClient client;
    boost::asio::steady_timer sweep;  // of the client's idle connections
};

enum class Endpoint { responses, chat_completions, embeddings };

boost::asio::awaitable<void> generate(std::shared_ptr<ApiLoop> loop,
                                      Endpoint endpoint,
                                      ClientRequest& request,
                                      Responder& responder);

// The provider, made on a thread of its own where it was not asked for before.
boost::asio::awaitable<Result<ReadyProviderPtr>> ready_provider(ApiShared& shared,
                                                                const std::string& name);

}  // namespace handover::gateway
