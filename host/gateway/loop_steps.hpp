// The waiting steps of an exchange on the gateway's event loops: what takes long is done by others,
// and the loop goes on meanwhile.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "gateway/client_request.hpp"
#include "http/loop_client.hpp"
#include "run/steps.hpp"

namespace boost::asio {
class thread_pool;
}

namespace handover::gateway {

// One request's.
class LoopSteps : public run::Steps {
public:
    struct Parts {
        http::LoopClient& client;
        auth::Broker& broker;
        boost::asio::thread_pool& threads;  // for what blocks: a credential that is not at hand
        ClientRequest& request;
        int max_queue = 256;
        std::chrono::milliseconds queue_timeout = std::chrono::minutes(1);
    };

    explicit LoopSteps(const Parts& parts) : parts_(parts) {}

    Awaitable<Result<auth::ResolvedPtr>> resolve(const auth::Target& target,
                                                 const std::stop_token& stop) override;
    Awaitable<Result<auth::ResolvedPtr>> recover(const auth::Target& target,
                                                 const auth::Resolved& rejected,
                                                 const std::stop_token& stop) override;
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

private:
    Awaitable<Result<auth::Lease>> stand_in_line(const auth::Resolved& resolved,
                                                 const Waiting& waiting,
                                                 const std::stop_token& stop);
    Failure no_room(const std::string& message);

    Parts parts_;
    std::optional<std::chrono::seconds> queue_wait_ = {};
};

}  // namespace handover::gateway
