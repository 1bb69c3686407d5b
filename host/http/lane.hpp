// What belongs to one event loop: the exchanges that run on it, the connections it keeps, the one
// timer for all deadlines. Everything on the loop's thread but post(). For the files of this folder
// only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "http/client.hpp"
#include "http/deadlines.hpp"
#include "http/event_loop.hpp"
#include "http/origin.hpp"
#include "http/trust_roots.hpp"

namespace handover::http {

class Exchange;

class Lane : public std::enable_shared_from_this<Lane> {
public:
    Lane(boost::asio::io_context& io, ClientOptions options);

    [[nodiscard]] boost::asio::io_context& io() { return io_; }
    [[nodiscard]] const ClientOptions& options() const { return options_; }
    Origin& origin(const Target& target) { return origins_.of(target); }
    Origins& origins() { return origins_; }
    Result<EventLoop*> curl();  // opened by the first request that needs it
    const TrustRoots& trust_roots();
    const Result<std::shared_ptr<const tls::Trust>>& trust();  // the same for TLS of our own

    // Whether a request may go to a proxy, so that libcurl has to look into it.
    [[nodiscard]] bool may_use_proxy(const Target& target) const;

    std::uint64_t add(Exchange& exchange);
    void remove(Exchange& exchange);
    void wake_at(SteadyTime due);

    // Later, on the loop: `call` of the exchange with that number, if it still runs. From any
    // thread.
    void post(std::uint64_t number, void (Exchange::*call)());

    // All exchanges are given up; none of their listeners is told that it ended.
    void abandon_all();

private:
    void wake();

    boost::asio::io_context& io_;
    ClientOptions options_;
    bool http_proxy_;  // one may be configured
    bool https_proxy_;
    Origins origins_ = {};
    std::unique_ptr<EventLoop> curl_ = {};
    std::optional<TrustRoots> roots_ = {};
    std::optional<Result<std::shared_ptr<const tls::Trust>>> trust_ = {};

    Exchange* first_ = nullptr;  // a list through the exchanges themselves
    std::uint64_t last_number_ = 0;
    boost::asio::steady_timer timer_;
    std::optional<SteadyTime> wakes_at_ = {};
};

}  // namespace handover::http
