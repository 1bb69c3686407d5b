// The steps of an exchange that wait, as the thread that runs it can afford them: an event loop
// goes on with other work meanwhile, a thread of one's own simply waits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <stop_token>

#include "auth/broker.hpp"
#include "http/client.hpp"

namespace handover::run {

// What the arguments refer to lives until the step is over. A stop request ends every step early.
class Steps {
public:
    template <typename T>
    using Awaitable = boost::asio::awaitable<T>;
    using Waiting = std::function<void(std::optional<long> holder)>;

    Steps() = default;
    Steps(const Steps&) = delete;
    Steps& operator=(const Steps&) = delete;
    virtual ~Steps() = default;

    // As the broker's functions of these names. A null one of `resolve_now`: ask `resolve`.
    virtual auth::ResolvedPtr resolve_now(const auth::Target& /*target*/) { return nullptr; }
    virtual Awaitable<Result<auth::ResolvedPtr>> resolve(const auth::Target& target,
                                                         const std::stop_token& stop) = 0;
    virtual Awaitable<Result<auth::ResolvedPtr>> recover(const auth::Target& target,
                                                         const auth::Resolved& rejected,
                                                         const std::stop_token& stop) = 0;
    // Whether requests with that credential have to wait for their turn: `lease` is asked then.
    [[nodiscard]] virtual bool takes_turns(const auth::Resolved& resolved) const {
        return resolved.method.billing == auth::Billing::subscription;
    }
    virtual Awaitable<Result<auth::Lease>> lease(const auth::Resolved& resolved,
                                                 const Waiting& waiting,
                                                 const std::stop_token& stop) = 0;

    // As http::Client::stream.
    virtual Awaitable<http::StreamEnd> send(const http::Request& request,
                                            const http::ResponseHandler& handler,
                                            const std::stop_token& stop) = 0;

    // False if the stop came first.
    virtual Awaitable<bool> pause(Milliseconds wait, const std::stop_token& stop) = 0;
};

}  // namespace handover::run
