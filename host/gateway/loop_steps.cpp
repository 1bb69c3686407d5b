#include "gateway/loop_steps.hpp"

#include <fmt/format.h>

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

struct Obtained {
    Result<auth::ResolvedPtr> credential;
    std::optional<Time> next_refresh = {};
};

}  // namespace

auth::ResolvedPtr LoopSteps::resolve_now(const auth::Target& target) {
    return parts_.broker.resolve_now(target);
}

run::Steps::Awaitable<Result<auth::ResolvedPtr>> LoopSteps::resolve(const auth::Target& target,
                                                                    const std::stop_token& stop) {
    if (auto at_hand = parts_.broker.resolve_now(target)) co_return at_hand;
    // Named: g++ 12 destroys such a temporary of a co_await twice.
    Obtain ask = [&broker = parts_.broker, target, stop] {
        return broker.resolve(target, {.stop = stop});
    };
    auto resolved = co_await obtain(target, std::move(ask));
    co_return resolved;
}

run::Steps::Awaitable<Result<auth::ResolvedPtr>> LoopSteps::recover(const auth::Target& target,
                                                                    const auth::Resolved& rejected,
                                                                    const std::stop_token& stop) {
    Obtain ask = [&broker = parts_.broker, target, rejected, stop] {
        return broker.recover(target, rejected, {.stop = stop});
    };
    auto recovered = co_await obtain(target, std::move(ask));
    co_return recovered;
}

run::Steps::Awaitable<Result<auth::ResolvedPtr>> LoopSteps::obtain(const auth::Target& target,
                                                                   Obtain ask) {
    std::function<Obtained()> work = [&broker = parts_.broker, target, ask = std::move(ask)] {
        Obtained obtained = {.credential = ask()};
        const auto& credential = obtained.credential;
        if (!credential && credential.error().code == Errc::auth_refresh_unavailable)
            obtained.next_refresh = broker.refresh_paused_until(target);
        return obtained;
    };
    auto obtained = co_await away(parts_.workers, Workers::For::credentials, std::move(work));
    next_refresh_ = obtained.next_refresh;
    co_return std::move(obtained.credential);
}

run::Steps::Awaitable<Result<auth::Lease>> LoopSteps::lease(const auth::Resolved& resolved,
                                                            const Waiting& waiting,
                                                            const std::stop_token& stop) {
    const auto begun = SteadyClock::now();
    if (resolved.method.billing != auth::Billing::subscription) {
        auto slot = co_await wait_for_slot(stop);
        co_return waited(std::move(slot), begun);
    }
    auto lease = co_await wait_for_lease(resolved, waiting, stop);
    co_return waited(std::move(lease), begun);
}

// PROVIDER_RATE_LIMITED and PROVIDER_UNAVAILABLE: there was no room in the line, or no time.
Result<auth::Lease> LoopSteps::waited(Result<auth::Lease> lease, SteadyClock::time_point begun) {
    const bool full = !lease && lease.error().code == Errc::provider_rate_limited;
    if (full) return no_room(lease.error().message);
    if (parts_.request.metrics != nullptr) {
        const std::chrono::duration<double> seconds = SteadyClock::now() - begun;
        parts_.request.metrics->lease_wait(parts_.request.notes.provider, seconds.count());
    }
    const bool too_late = !lease && lease.error().code == Errc::provider_unavailable;
    if (too_late) return no_room(lease.error().message);
    return lease;
}

bool LoopSteps::takes_turns(const auth::Resolved& resolved) const {
    if (resolved.method.billing == auth::Billing::subscription) return true;
    return parts_.slots != nullptr && parts_.slots->limited();
}

std::string LoopSteps::bound() const {
    return fmt::format("{} gets {} requests at a time (concurrency)",
                       parts_.request.notes.provider,
                       parts_.slots->most());
}

run::Steps::Awaitable<Result<auth::Lease>> LoopSteps::wait_for_slot(const std::stop_token& stop) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto timer = std::make_shared<boost::asio::steady_timer>(executor, parts_.queue_timeout);
    const auto wake = [timer, executor] {
        boost::asio::post(executor, [timer] { timer->cancel(); });
    };
    auto turn = std::make_unique<Turn>(parts_.slots);
    const auto place = turn->take(static_cast<std::size_t>(parts_.max_queue), wake);
    if (place == Turn::Place::has_slot) co_return auth::Lease(std::move(turn));
    if (place == Turn::Place::line_is_full) {
        co_return fail({.code = Errc::provider_rate_limited,
                        .message = bound() + ", and too many are waiting"});
    }
    const Queued queued(parts_.request.metrics);
    const std::stop_callback on_stop(stop, wake);
    boost::system::error_code ignored;
    co_await timer->async_wait(boost::asio::redirect_error(use_awaitable, ignored));
    if (turn->has_slot()) co_return auth::Lease(std::move(turn));
    if (stop.stop_requested())
        co_return fail({.code = Errc::auth_cancelled, .message = "cancelled while waiting"});
    co_return fail({.code = Errc::provider_unavailable,
                    .message = bound() + ", and the turn of this one did not come in time"});
}

run::Steps::Awaitable<Result<auth::Lease>> LoopSteps::wait_for_lease(const auth::Resolved& resolved,
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
            .most_waiting = static_cast<std::size_t>(parts_.max_queue),
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
    return parts_.client.stream(request, handler, stop);
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
