// One request under way on a loop, whichever way it takes. For the files of this folder only.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "http/client.hpp"
#include "http/deadlines.hpp"
#include "http/flow.hpp"
#include "http/target.hpp"
#include "http/transfer_error.hpp"

namespace handover::http {

class Lane;

// Request and handler outlive the exchange.
struct Order {
    const Request& request;
    const ResponseHandler& handler;
    TransferLimits limits = {};
    bool pooled =
        true;  // false: a connection of its own, never reused, and the request never sent twice
};

// The limits of a streamed answer, as configured.
TransferLimits stream_limits(const ClientOptions& options);

class ExchangeListener {
public:
    virtual void exchange_ended() = 0;      // may destroy the exchange
    virtual void exchange_abandoned() = 0;  // with its loop; it does not end any more

protected:
    ~ExchangeListener() = default;
};

class Exchange : public FlowListener {
public:
    Exchange(std::shared_ptr<Lane> lane, const Order& order, std::shared_ptr<const Target> target);
    virtual ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // Once. The listener is told of the end, maybe before this returns.
    void start(const std::stop_token& stop, ExchangeListener& listener);

    // After the end. Rethrows what the handler threw.
    [[nodiscard]] StreamEnd result();
    // After the end: nothing was sent, and prepared anew the request takes another way.
    [[nodiscard]] bool another_way() const { return another_way_; }

    void flow_paused() final;
    void flow_resumed() final;

    // For the lane.
    [[nodiscard]] const Deadlines& deadlines() const { return deadlines_; }
    [[nodiscard]] std::uint64_t number() const { return number_; }
    void stop() { end_early(Ending::stopped); }
    void time_is_up() { end_early(deadlines_.due_ending()); }
    void go_on() { continue_flow(); }
    void abandon();
    Exchange* next_in_lane = nullptr;
    Exchange* previous_in_lane = nullptr;

protected:
    // How it ended, as far as the way it took can tell.
    struct End {
        Ending ending = Ending::answered;
        std::string detail = {};  // the library's or the system's own words
    };

    virtual void begin() = 0;
    // Ends at once; the connection goes with it.
    virtual void cut() = 0;
    // After a pause, from the loop: hands on what was held back.
    virtual void continue_flow() = 0;

    void end_early(Ending ending);
    void end(End end);  // the last thing an exchange does
    void enter(Ending phase);

    // True to go on. What the handler throws is kept.
    bool deliver_head(const ResponseHead& head) noexcept;
    bool deliver_body(std::string_view bytes) noexcept;
    bool deliver_settled() noexcept;

    [[nodiscard]] bool paused() const {
        return order_.handler.flow && order_.handler.flow->paused();
    }
    [[nodiscard]] Lane& lane() { return *lane_; }
    [[nodiscard]] const Order& order() const { return order_; }
    [[nodiscard]] const Target& target() const { return *target_; }
    [[nodiscard]] bool ended() const { return end_.has_value(); }

    int sends_ = 0;  // how often the request began to leave
    bool answer_begun_ = false;
    bool another_way_ = false;

private:
    struct StopCall {
        Lane* lane = nullptr;  // outlives the exchange
        std::uint64_t number = 0;
        void operator()() const;
    };

    void leave_lane();

    std::shared_ptr<Lane> lane_;
    const Order order_;
    std::shared_ptr<const Target> target_;
    Deadlines deadlines_;
    std::uint64_t number_ = 0;
    ExchangeListener* listener_ = nullptr;
    std::optional<std::stop_callback<StopCall>> on_stop_ = {};
    std::exception_ptr thrown_ = {};
    std::optional<End> end_ = {};
};

// An exchange ready to start, or how it ended before it began.
struct Prepared {
    std::unique_ptr<Exchange> exchange = {};
    StreamEnd end = {};
};
Prepared prepare_exchange(const std::shared_ptr<Lane>& lane,
                          const Order& order,
                          const std::stop_token& stop);

}  // namespace handover::http
