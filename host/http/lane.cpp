#include "http/lane.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <utility>

#include "http/exchange.hpp"

namespace handover::http {
namespace {

bool is_set(const char* name) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    return value != nullptr && *value != '\0';
}

}  // namespace

// The variables that libcurl looks at; HTTP_PROXY in capitals is not among them, since a CGI
// program could be told a proxy by its client that way.
Lane::Lane(boost::asio::io_context& io, ClientOptions options)
    : io_(io),
      options_(std::move(options)),
      http_proxy_(!options_.proxy.empty() || is_set("all_proxy") || is_set("ALL_PROXY")),
      https_proxy_(http_proxy_ || is_set("https_proxy") || is_set("HTTPS_PROXY")),
      timer_(io) {
    http_proxy_ = http_proxy_ || is_set("http_proxy");
    if (options_.user_agent.empty()) options_.user_agent = "handover/" HANDOVER_VERSION;
}

Result<EventLoop*> Lane::curl() {
    if (!curl_) {
        const auto library = curl_library();
        if (!library) return library.failure();
        curl_ = std::make_unique<EventLoop>(io_, **library);
    }
    return curl_.get();
}

const TrustRoots& Lane::trust_roots() {
    if (!roots_) roots_ = find_trust_roots(options_.ca_file);
    return *roots_;
}

const Result<std::shared_ptr<const tls::Trust>>& Lane::trust() {
    if (!trust_) trust_ = tls::Trust::make(trust_roots().file, trust_roots().directory);
    return *trust_;
}

bool Lane::may_use_proxy(const Target& target) const {
    return !target.loopback && (target.scheme == "https" ? https_proxy_ : http_proxy_);
}

std::uint64_t Lane::add(Exchange& exchange) {
    exchange.next_in_lane = first_;
    if (first_ != nullptr) first_->previous_in_lane = &exchange;
    first_ = &exchange;
    return ++last_number_;
}

// A loop with nothing to wait for must be able to run out of work: the timer goes with the last
// exchange.
void Lane::remove(Exchange& exchange) {
    auto& before =
        exchange.previous_in_lane != nullptr ? exchange.previous_in_lane->next_in_lane : first_;
    before = exchange.next_in_lane;
    if (exchange.next_in_lane != nullptr)
        exchange.next_in_lane->previous_in_lane = exchange.previous_in_lane;
    exchange.next_in_lane = exchange.previous_in_lane = nullptr;
    if (first_ != nullptr || !wakes_at_) return;
    wakes_at_.reset();
    timer_.cancel();
}

void Lane::post(std::uint64_t number, void (Exchange::*call)()) {
    boost::asio::post(io_, [weak = weak_from_this(), number, call] {
        const auto self = weak.lock();
        if (!self) return;
        auto* exchange = self->first_;
        while (exchange != nullptr && exchange->number() != number) {
            exchange = exchange->next_in_lane;
        }
        if (exchange != nullptr) (exchange->*call)();
    });
}

// The timer is moved only where it would ring too late: a byte that arrives costs a clock reading,
// not a system call.
void Lane::wake_at(SteadyTime due) {
    if (wakes_at_ && *wakes_at_ <= due) return;
    wakes_at_ = due;
    timer_.expires_at(due);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self) self->wake();
    });
}

void Lane::wake() {
    wakes_at_.reset();
    const auto now = std::chrono::steady_clock::now();
    auto next = SteadyTime::max();
    for (auto* exchange = first_; exchange != nullptr;) {
        const auto due = exchange->deadlines().due();
        if (due && *due <= now) {
            exchange->time_is_up();  // whoever waited for it may begin and end others
            exchange = first_;
            next = SteadyTime::max();
            continue;
        }
        if (due) next = std::min(next, *due);
        exchange = exchange->next_in_lane;
    }
    if (next != SteadyTime::max()) wake_at(next);
}

void Lane::abandon_all() {
    while (first_ != nullptr) first_->abandon();
}

}  // namespace handover::http
