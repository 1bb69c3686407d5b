#include "gateway/loop_steps.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <utility>

#include "gateway/away.hpp"
#include "gateway/metrics.hpp"

namespace handover::gateway {
namespace {

using boost::asio::use_awaitable;
using SteadyClock = std::chrono::steady_clock;

// Nobody knows how long the answer before takes; clients should not come back all at once.
constexpr auto come_back_after = std::chrono::seconds(5);

// The gauge of requests that wait, for as long as one does.
class Queued {
public:
    explicit Queued(LoopMetrics* metrics) : metrics_(metrics) {
        if (metrics_ != nullptr) ++metrics_->queued;
    }
    Queued(const Queued&) = delete;
    Queued& operator=(const Queued&) = delete;
    ~Queued() {
        if (metrics_ != nullptr) --metrics_->queued;
    }

private:
    LoopMetrics* metrics_;
};

}  // namespace

run::Steps::Awaitable<Result<auth::ResolvedPtr>> LoopSteps::resolve(const auth::Target& target,
                                                                    const std::stop_token& stop) {
    if (auto at_hand = parts_.broker.resolve_now(target)) co_return at_hand;
    std::function<Result<auth::ResolvedPtr>()> work = [&broker = parts_.broker, target, stop] {
        return broker.resolve(target, {.stop = stop});
    };
    auto resolved = co_await away(parts_.threads, std::move(work));
    co_return resolved;
}

run::Steps::Awaitable<Result<auth::ResolvedPtr>> LoopSteps::recover(const auth::Target& target,
                                                                    const auth::Resolved& rejected,
                                                                    const std::stop_token& stop) {
    std::function<Result<auth::ResolvedPtr>()> work =
        [&broker = parts_.broker, target, rejected, stop] {
            return broker.recover(target, rejected, {.stop = stop});
        };
    auto recovered = co_await away(parts_.threads, std::move(work));
    if (parts_.request.metrics != nullptr) {
        parts_.request.metrics->refresh(parts_.request.notes.provider, recovered ? "ok" : "failed");
    }
    co_return recovered;
}

run::Steps::Awaitable<Result<auth::Lease>> LoopSteps::lease(const auth::Resolved& resolved,
                                                            const Waiting& waiting,
                                                            const std::stop_token& stop) {
    const auto before = parts_.broker.lease_waiters(resolved);
    if (before >= static_cast<std::size_t>(parts_.max_queue)) {
        co_return no_room(
            "too many requests are waiting for this subscription, which runs one "
            "at a time");
    }
    const auto begun = SteadyClock::now();
    auto lease = co_await stand_in_line(resolved, waiting, stop);
    const auto waited = SteadyClock::now() - begun;
    if (parts_.request.metrics != nullptr) {
        parts_.request.metrics->lease_wait(parts_.request.notes.provider,
                                           std::chrono::duration<double>(waited).count());
    }
    const bool too_long = !lease && waited >= parts_.queue_timeout && !stop.stop_requested();
    if (too_long) {
        co_return no_room(
            "this subscription runs one request at a time, and its turn did not "
            "come in time");
    }
    co_return lease;
}

run::Steps::Awaitable<Result<auth::Lease>> LoopSteps::stand_in_line(const auth::Resolved& resolved,
                                                                    const Waiting& waiting,
                                                                    const std::stop_token& stop) {
    const Queued queued(parts_.request.metrics);
    const auto executor = co_await boost::asio::this_coro::executor;
    // The broker calls from any thread, and may do so after the wait.
    const auto here = std::make_shared<const Waiting>(waiting);
    const auto ask = [&](auto handler) {
        const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auth::LeaseWait wait = {
            .patience = {.deadline = SteadyClock::now() + parts_.queue_timeout, .stop = stop},
            .done =
                [shared, executor](Result<auth::Lease> lease) {
                    boost::asio::post(executor, [shared, given = std::move(lease)]() mutable {
                        std::move (*shared)(std::move(given));
                    });
                },
            .waiting =
                [weak = std::weak_ptr(here), executor](std::optional<long> holder) {
                    boost::asio::post(executor, [weak, holder] {
                        if (const auto still_here = weak.lock()) (*still_here)(holder);
                    });
                }};
        parts_.broker.lease_async(resolved, std::move(wait));
    };
    auto lease =
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                             void(Result<auth::Lease>)>(ask, use_awaitable);
    co_return lease;
}

run::Steps::Awaitable<http::StreamEnd> LoopSteps::send(const http::Request& request,
                                                       const http::ResponseHandler& handler,
                                                       const std::stop_token& stop) {
    parts_.request.notes.upstream_sent = SteadyClock::now();
    parts_.request.notes.upstream_first_byte.reset();
    auto end = co_await parts_.client.stream(request, handler, stop);
    co_return end;
}

run::Steps::Awaitable<bool> LoopSteps::pause(Milliseconds wait, const std::stop_token& stop) {
    if (parts_.request.metrics != nullptr)
        parts_.request.metrics->retry(parts_.request.notes.provider);
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto timer = std::make_shared<boost::asio::steady_timer>(executor, wait);
    const std::stop_callback on_stop(
        stop, [timer, executor] { boost::asio::post(executor, [timer] { timer->cancel(); }); });
    boost::system::error_code ignored;
    co_await timer->async_wait(boost::asio::redirect_error(use_awaitable, ignored));
    co_return !stop.stop_requested();
}

Failure LoopSteps::no_room(const std::string& message) {
    queue_wait_ = come_back_after;
    return fail({.code = Errc::provider_rate_limited,
                 .message = message,
                 .reason = {},
                 .fix = "try again in a few seconds, or raise max_queue or queue_timeout in the "
                        "config's [serve]"});
}

}  // namespace handover::gateway
