#include "http/client.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <utility>

#include "http/event_loop.hpp"
#include "http/header_rules.hpp"
#include "http/target.hpp"
#include "http/trust_roots.hpp"

namespace handover::http {
namespace {

// One caller's loop with its pool of connections. Callers that come one after another share a lane;
// callers that come together have one each, so that no thread ever runs another's work.
struct Lane {
    explicit Lane(const CurlLibrary& curl) : loop(io, curl) {}

    boost::asio::io_context io{1};  // one thread at a time
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
        boost::asio::make_work_guard(io);
    EventLoop loop;
};

StreamEnd unusable(Error error) {
    return {.fault = Fault::unusable, .error = std::move(error)};
}

StreamEnd run(Lane& lane, const std::shared_ptr<Transfer>& transfer, const std::stop_token& stop) {
    bool done = false;
    if (!lane.loop.start(transfer, [&done] { done = true; })) {
        return unusable({.code = Errc::internal,
                         .message = "libcurl does not take the request",
                         .reason = {},
                         .fix = {}});
    }
    const std::stop_callback on_stop(stop, [&lane, weak = std::weak_ptr(transfer)] {
        boost::asio::post(lane.io, [&lane, weak] {
            if (const auto alive = weak.lock()) lane.loop.abort(*alive, Ending::stopped);
        });
    });
    while (!done) lane.io.run_one();
    return transfer->result();
}

StreamEnd stopped_before(const Target& target) {
    auto failure = describe_failure({.ending = Ending::stopped, .target = target});
    return {.cancelled = true, .fault = failure.fault, .error = std::move(failure.error)};
}

}  // namespace

class Client::Impl {
public:
    explicit Impl(ClientOptions options) : options_(std::move(options)) {
        if (options_.user_agent.empty()) options_.user_agent = "handover/" HANDOVER_VERSION;
    }

    StreamEnd exchange(const Request& request,
                       const ResponseHandler& handler,
                       const TransferLimits& limits,
                       bool pooled,
                       const std::stop_token& stop) {
        if (auto checked = check_head(request); !checked) return unusable(checked.error());
        const auto target = parse_target(request.url);
        if (!target) return unusable(target.error());
        if (stop.stop_requested()) return stopped_before(*target);
        const auto curl = curl_library();
        if (!curl) return unusable(curl.error());
        const auto lane = borrow(**curl);
        Route route = {
            .user_agent = options_.user_agent, .proxy = options_.proxy, .pooled = pooled};
        if (target->scheme == "https") route.roots = trust_roots();
        const auto transfer =
            std::make_shared<Transfer>(Transfer::Setup{.curl = **curl,
                                                       .io = lane->io,
                                                       .request = request,
                                                       .handler = handler,
                                                       .target = *target,
                                                       .limits = limits,
                                                       .route = std::move(route)});
        if (!transfer->configure()) {
            return unusable({.code = Errc::internal,
                             .message = "libcurl does not take the request",
                             .reason = {},
                             .fix = {}});
        }
        return run(*lane, transfer, stop);
    }

    [[nodiscard]] const ClientOptions& options() const { return options_; }

private:
    // Goes back to the idle ones when its caller is done with it.
    using LanePtr = std::unique_ptr<Lane, std::function<void(Lane*)>>;

    LanePtr borrow(const CurlLibrary& curl) {
        const auto give_back = [this](Lane* lane) {
            const std::lock_guard lock(mutex_);
            idle_.emplace_back(lane);
        };
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) return {new Lane(curl), give_back};
        auto lane = std::move(idle_.back());
        idle_.pop_back();
        return {lane.release(), give_back};
    }

    TrustRoots trust_roots() {
        const std::lock_guard lock(mutex_);
        if (!roots_) roots_ = find_trust_roots(options_.ca_file);
        return *roots_;
    }

    ClientOptions options_;
    std::mutex mutex_;  // guards idle_ and roots_
    std::vector<std::unique_ptr<Lane>> idle_;
    std::optional<TrustRoots> roots_;
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;

StreamEnd Client::stream(const Request& request,
                         const ResponseHandler& handler,
                         std::stop_token stop) {
    const auto& options = impl_->options();
    return impl_->exchange(request,
                           handler,
                           {.connect = options.connect_timeout,
                            .first_byte = options.first_byte_timeout,
                            .idle = options.idle_timeout},
                           true,
                           stop);
}

Outcome Client::send(const Request& request, const Limits& limits, std::stop_token stop) {
    Outcome outcome;
    bool too_long = false;
    const ResponseHandler handler = {
        .on_head =
            [&](const ResponseHead& head) {
                outcome.response.status = head.status;
                outcome.response.headers = head.headers;
            },
        .on_body =
            [&](std::string_view bytes) {
                too_long = outcome.response.body.size() + bytes.size() > limits.max_body;
                if (!too_long) outcome.response.body.append(bytes);
                return !too_long;
            },
    };
    auto end = impl_->exchange(
        request, handler, {.connect = limits.connect, .total = limits.total}, false, stop);
    outcome.delivery = end.delivery;
    outcome.error = std::move(end.error);
    if (too_long) {
        outcome.error = {
            .code = Errc::provider_unavailable,
            .message = "the answer is longer than " + std::to_string(limits.max_body) + " bytes",
            .reason = {},
            .fix = {}};
    }
    return outcome;
}

}  // namespace handover::http
