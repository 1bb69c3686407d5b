// The HTTP client as a coroutine, for those who run an event loop of their own. Includes Asio: for
// few .cpp files only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <stop_token>

#include "http/client.hpp"
#include "http/flow.hpp"

namespace boost::asio {
class io_context;
}

namespace handover::http {

// One per event loop: connections are pooled for that loop, and everything happens on the one
// thread that runs it. The loop outlives the client; the client outlives its calls, unless the loop
// never runs again.
class LoopClient {
public:
    LoopClient(boost::asio::io_context& io, ClientOptions options);
    ~LoopClient();
    LoopClient(const LoopClient&) = delete;
    LoopClient& operator=(const LoopClient&) = delete;

    // As Client::stream, without blocking: the handler is called on the loop's thread before the
    // coroutine goes on. Request and handler outlive the call. A stop requested on any thread, and
    // a cancellation of the awaiting coroutine, close upstream at once; both end as `cancelled`.
    // Failures stand in the result; what a handler throws comes out as it is. The coroutine must
    // run on this loop's own executor.
    boost::asio::awaitable<StreamEnd> stream(const Request& request,
                                             const ResponseHandler& handler,
                                             std::stop_token stop);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace handover::http
