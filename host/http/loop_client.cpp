#include "http/loop_client.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "http/exchange.hpp"
#include "http/lane.hpp"

namespace handover::http {
namespace {

using boost::asio::use_awaitable;
using boost::asio::use_awaitable_t;

// The coroutine that waits for an exchange. Its handler is kept here, in the coroutine's own frame:
// nothing is allocated for the wait.
class Waiter final : public ExchangeListener {
public:
    using Handler = boost::asio::async_result<use_awaitable_t<>, void()>::handler_type;

    void exchange_ended() override {
        ended_ = true;
        if (!handler_) return;
        auto handler = std::move(*handler_);
        handler();  // may destroy this
    }

    // The coroutine goes with its handler.
    void exchange_abandoned() override {
        if (!handler_) return;
        const auto handler = std::move(*handler_);
    }

    [[nodiscard]] bool ended() const { return ended_; }
    void wait(Handler handler, Exchange& exchange, const std::weak_ptr<Lane>& lane) {
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            slot.assign([lane, number = exchange.number()](boost::asio::cancellation_type) {
                if (const auto alive = lane.lock()) alive->post(number, &Exchange::stop);
            });
        }
        handler_.emplace(std::move(handler));
    }

private:
    std::optional<Handler> handler_ = {};
    bool ended_ = false;
};

}  // namespace

class LoopClient::Impl {
public:
    Impl(boost::asio::io_context& io, ClientOptions options)
        : lane(std::make_shared<Lane>(io, std::move(options))) {}

    std::shared_ptr<Lane> lane;
};

LoopClient::LoopClient(boost::asio::io_context& io, ClientOptions options)
    : impl_(std::make_unique<Impl>(io, std::move(options))) {}

LoopClient::~LoopClient() {
    impl_->lane->abandon_all();
}

void LoopClient::close_idle(std::chrono::steady_clock::duration longest) {
    impl_->lane->origins().close_idle(std::chrono::steady_clock::now() - longest);
}

boost::asio::awaitable<StreamEnd> LoopClient::stream(const Request& request,
                                                     const ResponseHandler& handler,
                                                     std::stop_token stop) {
    const auto lane = impl_->lane;
    const Order order = {.request = request,
                         .handler = handler,
                         .limits = stream_limits(lane->options()),
                         .pooled = true};
    for (;;) {
        auto prepared = prepare_exchange(lane, order, stop);
        if (!prepared.exchange) co_return std::move(prepared.end);
        Waiter waiter;
        prepared.exchange->start(stop, waiter);
        if (!waiter.ended()) {
            co_await boost::asio::async_initiate<const use_awaitable_t<>, void()>(
                [&](Waiter::Handler resume) {
                    waiter.wait(std::move(resume), *prepared.exchange, lane);
                },
                use_awaitable);
        }
        if (!prepared.exchange->another_way()) co_return prepared.exchange->result();
    }
}

}  // namespace handover::http
