// The HTTP client as a coroutine, for those who run an event loop of their own. Includes Asio: for
// few .cpp files only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
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

    // Closes the connections that nobody needed for so long. By itself the client does so when it
    // wants one: call this from time to time where no request may come any more.
    void close_idle(std::chrono::steady_clock::duration longest = longest_idle);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace handover::http
