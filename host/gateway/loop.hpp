// One event loop: its thread, its connections, and what they are judged by. Includes Asio: for the
// server's own files only. Everything but `io`, `open` and the metrics on the loop's thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "gateway/front_state.hpp"
#include "gateway/metrics.hpp"
#include "gateway/routes.hpp"
#include "platform/files.hpp"

namespace handover::gateway {

class Connection;

class Loop {
public:
    Loop(std::size_t index, LoopMetrics& metrics);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    [[nodiscard]] boost::asio::io_context& io() { return io_; }
    [[nodiscard]] std::size_t index() const { return index_; }
    [[nodiscard]] LoopMetrics& metrics() { return metrics_; }
    [[nodiscard]] std::size_t open() const { return open_.load(std::memory_order_relaxed); }

    void use(std::shared_ptr<const FrontState> front) { front_ = std::move(front); }
    void use(std::shared_ptr<const Routes> routes) { routes_ = std::move(routes); }
    [[nodiscard]] const std::shared_ptr<const FrontState>& front() const { return front_; }
    [[nodiscard]] const std::shared_ptr<const Routes>& routes() const { return routes_; }

    void adopt(platform::Descriptor socket, Entrance entrance);
    // The same in two steps, the first on any thread: a connection counts from when it was given.
    void expect_one() { open_.fetch_add(1, std::memory_order_relaxed); }
    void adopt_expected(platform::Descriptor socket, Entrance entrance);
    void remove(const std::shared_ptr<Connection>& connection);

    // No further requests; `empty` is called once no connection is left.
    void drain(std::function<void()> empty);
    void cut();  // ends what is still open
    [[nodiscard]] bool draining() const { return draining_; }

    // Counted; one a minute is a line of the log, whatever clients do.
    void tls_failed(std::string_view why);

    [[nodiscard]] std::string request_id();
    [[nodiscard]] std::string_view date_line();

private:
    void tick();
    void schedule_tick();

    boost::asio::io_context io_;
    std::size_t index_;
    LoopMetrics& metrics_;
    boost::asio::steady_timer timer_;
    bool ticking_ = false;
    bool draining_ = false;
    std::function<void()> empty_ = {};
    std::atomic<std::size_t> open_ = 0;
    std::unordered_set<std::shared_ptr<Connection>> connections_ = {};
    std::shared_ptr<const FrontState> front_ = {};
    std::shared_ptr<const Routes> routes_ = {};
    std::optional<std::chrono::steady_clock::time_point> told_of_tls_ = {};
    std::uint64_t random_ = 0;
    std::time_t date_of_ = 0;
    std::string date_line_ = {};
};

}  // namespace handover::gateway
