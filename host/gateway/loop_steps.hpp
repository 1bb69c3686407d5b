// The waiting steps of an exchange on the gateway's event loops: what takes long is done by others,
// and the loop goes on meanwhile.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "gateway/client_request.hpp"
#include "gateway/request_slots.hpp"
#include "gateway/workers.hpp"
#include "http/loop_client.hpp"
#include "run/steps.hpp"

namespace handover::gateway {

// One request's.
class LoopSteps : public run::Steps {
public:
    struct Parts {
        http::LoopClient& client;
        auth::Broker& broker;
        Workers& workers;  // for what blocks: a credential that is not at hand
        ClientRequest& request;
        std::shared_ptr<RequestSlots> slots = {};  // the provider's, where it is metered
        int max_queue = 256;
        std::chrono::milliseconds queue_timeout = std::chrono::minutes(1);
    };

    explicit LoopSteps(Parts parts) : parts_(std::move(parts)) {}

    auth::ResolvedPtr resolve_now(const auth::Target& target) override;
    Awaitable<Result<auth::ResolvedPtr>> resolve(const auth::Target& target,
                                                 const std::stop_token& stop) override;
    Awaitable<Result<auth::ResolvedPtr>> recover(const auth::Target& target,
                                                 const auth::Resolved& rejected,
                                                 const std::stop_token& stop) override;
    [[nodiscard]] bool takes_turns(const auth::Resolved& resolved) const override;
    // Stands in line with at most `max_queue` others, and for so long.
    Awaitable<Result<auth::Lease>> lease(const auth::Resolved& resolved,
                                         const Waiting& waiting,
                                         const std::stop_token& stop) override;
    Awaitable<http::StreamEnd> send(const http::Request& request,
                                    const http::ResponseHandler& handler,
                                    const std::stop_token& stop) override;
    Awaitable<bool> pause(Milliseconds wait, const std::stop_token& stop) override;

    // How long until there may be room in the line, where that ended the exchange.
    [[nodiscard]] std::optional<std::chrono::seconds> queue_wait() const { return queue_wait_; }

    // When a refresh that failed is tried again, where that ended the exchange and is known.
    [[nodiscard]] std::optional<Time> next_refresh() const { return next_refresh_; }

private:
    using Obtain = std::function<Result<auth::ResolvedPtr>()>;
    // Elsewhere, since it blocks.
    Awaitable<Result<auth::ResolvedPtr>> obtain(const auth::Target& target, Obtain ask);
    Awaitable<Result<auth::Lease>> wait_for_lease(const auth::Resolved& resolved,
                                                  const Waiting& waiting,
                                                  const std::stop_token& stop);
    Awaitable<Result<auth::Lease>> wait_for_slot(const std::stop_token& stop);
    [[nodiscard]] std::string bound() const;
    Result<auth::Lease> waited(Result<auth::Lease> lease,
                               std::chrono::steady_clock::time_point begun);
    Failure no_room(const std::string& message);

    Parts parts_;
    std::optional<std::chrono::seconds> queue_wait_ = {};
    std::optional<Time> next_refresh_ = {};
};

}  // namespace handover::gateway
