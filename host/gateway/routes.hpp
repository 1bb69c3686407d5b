// Which coroutine answers which method and path.
//
// Whoever answers hands the server a `MakeRoutes`. It is called once for each loop, on that loop's
// thread, before its first request, and again after each reload of the config: a reload is a new
// set of routes, while requests in flight keep the old one alive until they have ended. So what a
// handler captures (by shared_ptr: the loop's upstream client, its settings) lives as long as the
// last request that uses it, and is touched by one thread only. What loops share (broker, ledgers,
// plugins) has to be safe for threads.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/client_request.hpp"
#include "gateway/responder.hpp"

namespace handover::gateway {

// Runs on the request's loop. Both arguments live until the coroutine has ended. An exception that
// leaves it ends that one answer and is logged.
using Answer = std::function<boost::asio::awaitable<void>(ClientRequest&, Responder&)>;

class Routes {
public:
    // `path` is exact, or ends in "/*": everything below it, but not the folder itself. A GET
    // answers HEAD too (the responder leaves the body out); OPTIONS is answered by the front.
    void add(std::string_view method, std::string_view path, Answer answer);

    struct Match {
        const Answer* answer = nullptr;  // null: no such path, or not with that method
        std::string allowed = {};  // without an answer: the path's methods ("GET, HEAD"), if any
    };
    [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

private:
    struct Route {
        std::string method = {};
        std::string path = {};
        bool below = false;
        Answer answer = {};
    };
    std::vector<Route> routes_ = {};
};

struct LoopContext {
    boost::asio::io_context& io;
    std::size_t index = 0;
    LoopMetrics& metrics;
};

using MakeRoutes = std::function<std::shared_ptr<const Routes>(const LoopContext&)>;

}  // namespace handover::gateway
