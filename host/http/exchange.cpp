#include "http/exchange.hpp"

#include <chrono>
#include <utility>

#include "http/header_rules.hpp"
#include "http/http1_exchange.hpp"
#include "http/lane.hpp"
#include "http/transfer.hpp"

namespace handover::http {
namespace {

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

StreamEnd unusable(Error error) {
    return {.fault = Fault::unusable, .error = std::move(error)};
}

StreamEnd stopped_before(const Target& target) {
    auto failure = describe_failure({.ending = Ending::stopped, .target = target});
    return {.cancelled = true, .fault = failure.fault, .error = std::move(failure.error)};
}

// What certainly goes straight to its target in HTTP/1.1 needs no library.
bool is_http1(Lane& lane, const Target& target, bool pooled) {
    if (lane.may_use_proxy(target)) return false;
    return target.scheme == "http" || (pooled && lane.origin(target).is_http1());
}

}  // namespace

TransferLimits stream_limits(const ClientOptions& options) {
    return {.connect = options.connect_timeout,
            .first_byte = options.first_byte_timeout,
            .idle = options.idle_timeout};
}

Exchange::Exchange(std::shared_ptr<Lane> lane,
                   const Order& order,
                   std::shared_ptr<const Target> target)
    : lane_(std::move(lane)), order_(order), target_(std::move(target)), deadlines_(order.limits) {}

Exchange::~Exchange() {
    leave_lane();
}

void Exchange::StopCall::operator()() const {
    lane->post(number, &Exchange::stop);
}

void Exchange::start(const std::stop_token& stop, ExchangeListener& listener) {
    listener_ = &listener;
    number_ = lane_->add(*this);
    if (auto* const flow = order_.handler.flow; flow != nullptr) {
        flow->attach(this);
        if (flow->paused()) deadlines_.suspend();
    }
    if (stop.stop_possible()) on_stop_.emplace(stop, StopCall{lane_.get(), number_});
    deadlines_.begin(now());
    if (const auto due = deadlines_.due()) lane_->wake_at(*due);
    begin();
}

void Exchange::leave_lane() {
    if (number_ == 0) return;
    on_stop_.reset();
    if (order_.handler.flow != nullptr) order_.handler.flow->attach(nullptr);
    lane_->remove(*this);
    number_ = 0;
}

void Exchange::end_early(Ending ending) {
    if (ended()) return;
    cut();
    end({.ending = ending});
}

void Exchange::end(End end) {
    if (ended()) return;
    end_ = std::move(end);
    leave_lane();
    listener_->exchange_ended();
}

void Exchange::abandon() {
    leave_lane();
    listener_->exchange_abandoned();
}

void Exchange::enter(Ending phase) {
    deadlines_.enter(phase, now());
    if (const auto due = deadlines_.due()) lane_->wake_at(*due);
}

void Exchange::flow_paused() {
    deadlines_.suspend();
}

void Exchange::flow_resumed() {
    deadlines_.resume(now());
    if (const auto due = deadlines_.due()) lane_->wake_at(*due);
    lane_->post(number_, &Exchange::go_on);
}

bool Exchange::deliver_head(const ResponseHead& head) noexcept {
    if (!order_.handler.on_head) return true;
    try {
        order_.handler.on_head(head);
        return true;
    } catch (...) {
        thrown_ = std::current_exception();
        return false;
    }
}

bool Exchange::deliver_body(std::string_view bytes) noexcept {
    if (!order_.handler.on_body) return true;
    try {
        return order_.handler.on_body(bytes);
    } catch (...) {
        thrown_ = std::current_exception();
        return false;
    }
}

bool Exchange::deliver_settled() noexcept {
    if (!order_.handler.on_settled) return true;
    try {
        order_.handler.on_settled();
        return true;
    } catch (...) {
        thrown_ = std::current_exception();
        return false;
    }
}

StreamEnd Exchange::result() {
    if (thrown_) std::rethrow_exception(thrown_);
    StreamEnd result = {.resent_by_library = sends_ > 1};
    if (end_->ending == Ending::answered) {
        result.delivery = Delivery::answered;
        return result;
    }
    result.delivery = sends_ == 0 ? Delivery::not_sent : Delivery::unknown;
    const bool secure = target_->scheme == "https";
    auto failure = describe_failure(
        {.ending = end_->ending,
         .detail = std::move(end_->detail),
         .target = *target_,
         .proxied = !target_->loopback && !lane_->options().proxy.empty(),
         .connected = sends_ > 0,
         .answer_begun = answer_begun_,
         .trust_roots =
             secure ? lane_->trust_roots().file + lane_->trust_roots().directory : std::string(),
         .limit = deadlines_.limit_of(end_->ending),
         .bytes = deadlines_.limits().max_head});
    result.cancelled = failure.fault == Fault::stopped;
    result.fault = failure.fault;
    result.error = std::move(failure.error);
    return result;
}

Prepared prepare_exchange(const std::shared_ptr<Lane>& lane,
                          const Order& order,
                          const std::stop_token& stop) {
    if (auto checked = check_head(order.request); !checked)
        return {.end = unusable(checked.error())};
    auto target = order.request.target;
    if (!target) {
        auto parsed = parse_target(order.request.url);
        if (!parsed) return {.end = unusable(parsed.error())};
        target = std::make_shared<const Target>(*std::move(parsed));
    }
    if (stop.stop_requested()) return {.end = stopped_before(*target)};
    if (is_http1(*lane, *target, order.pooled))
        return {.exchange = std::make_unique<Http1Exchange>(lane, order, std::move(target))};
    const auto curl = lane->curl();
    if (!curl) return {.end = unusable(curl.error())};
    return {.exchange = std::make_unique<Transfer>(lane, order, std::move(target), **curl)};
}

}  // namespace handover::http
