#include "http/client.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <mutex>
#include <utility>

#include "http/exchange.hpp"
#include "http/lane.hpp"

namespace handover::http {
namespace {

// A loop that runs while its caller waits. Callers that come one after another share one; callers
// that come together have one each, so that no thread ever runs another's work.
struct CallersLoop {
    explicit CallersLoop(const ClientOptions& options)
        : lane(std::make_shared<Lane>(io, options)) {}

    boost::asio::io_context io{1};  // one thread at a time
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
        boost::asio::make_work_guard(io);
    std::shared_ptr<Lane> lane;
};

struct Ended final : ExchangeListener {
    bool done = false;
    void exchange_ended() override { done = true; }
    void exchange_abandoned() override { done = true; }
};

}  // namespace

class Client::Impl {
public:
    explicit Impl(ClientOptions options) : options_(std::move(options)) {}

    StreamEnd exchange(const Order& order, const std::stop_token& stop) {
        const auto loop = borrow();
        for (;;) {
            auto prepared = prepare_exchange(loop->lane, order, stop);
            if (!prepared.exchange) return std::move(prepared.end);
            Ended ended;
            prepared.exchange->start(stop, ended);
            while (!ended.done) loop->io.run_one();
            if (!prepared.exchange->another_way()) return prepared.exchange->result();
        }
    }

    [[nodiscard]] const ClientOptions& options() const { return options_; }

private:
    // Goes back to the idle ones when its caller is done with it.
    using LoopPtr = std::unique_ptr<CallersLoop, std::function<void(CallersLoop*)>>;

    LoopPtr borrow() {
        const auto give_back = [this](CallersLoop* loop) {
            const std::lock_guard lock(mutex_);
            idle_.emplace_back(loop);
        };
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) return {new CallersLoop(options_), give_back};
        auto loop = std::move(idle_.back());
        idle_.pop_back();
        return {loop.release(), give_back};
    }

    const ClientOptions options_;
    std::mutex mutex_;  // guards idle_
    std::vector<std::unique_ptr<CallersLoop>> idle_;
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;

StreamEnd Client::stream(const Request& request,
                         const ResponseHandler& handler,
                         const std::stop_token& stop) {
    return impl_->exchange({.request = request,
                            .handler = handler,
                            .limits = stream_limits(impl_->options()),
                            .pooled = true},
                           stop);
}

Outcome Client::send(const Request& request, const Limits& limits, const std::stop_token& stop) {
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
    auto end = impl_->exchange({.request = request,
                                .handler = handler,
                                .limits = {.connect = limits.connect, .total = limits.total},
                                .pooled = false},
                               stop);
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
