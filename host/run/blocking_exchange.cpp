// The exchange on the calling thread: the coroutine alone on a loop of its own, whose steps may
// simply wait.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>

#include "run/exchange.hpp"

namespace handover::run {
namespace {

class BlockingSteps : public Steps {
public:
    explicit BlockingSteps(const Upstream& upstream) : upstream_(upstream) {}

    Awaitable<Result<auth::ResolvedPtr>> resolve(const auth::Target& target,
                                                 const std::stop_token& stop) override {
        co_return upstream_.broker.resolve(target, {.stop = stop});
    }

    Awaitable<Result<auth::ResolvedPtr>> recover(const auth::Target& target,
                                                 const auth::Resolved& rejected,
                                                 const std::stop_token& stop) override {
        co_return upstream_.broker.recover(target, rejected, {.stop = stop});
    }

    Awaitable<Result<auth::Lease>> lease(const auth::Resolved& resolved,
                                         const Waiting& waiting,
                                         const std::stop_token& stop) override {
        co_return upstream_.broker.lease(resolved, {.stop = stop}, waiting);
    }

    Awaitable<http::StreamEnd> send(const http::Request& request,
                                    const http::ResponseHandler& handler,
                                    const std::stop_token& stop) override {
        co_return upstream_.client->stream(request, handler, stop);
    }

    Awaitable<bool> pause(Milliseconds wait, const std::stop_token& stop) override {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        never.wait_for(lock, stop, wait, [] { return false; });
        co_return !stop.stop_requested();
    }

private:
    const Upstream& upstream_;
};

}  // namespace

Result<void> exchange(const Upstream& upstream,
                      const plugins::ClientRequest& request,
                      const ExchangeHandler& handler,
                      std::stop_token stop) {
    boost::asio::io_context loop{1};
    BlockingSteps steps(upstream);
    Result<void> outcome;
    std::exception_ptr thrown;
    const auto whole = [&]() -> boost::asio::awaitable<void> {
        auto ended = co_await exchange(steps, upstream, request, handler, stop);
        outcome = std::move(ended);
    };
    boost::asio::co_spawn(
        loop, whole(), [&](const std::exception_ptr& exception) { thrown = exception; });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return outcome;
}

}  // namespace handover::run
