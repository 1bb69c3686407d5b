#include "gateway/loop.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>
#include <vector>

#include "crypto/crypto.hpp"
#include "gateway/connection.hpp"
#include "gateway/response_head.hpp"
#include "log/log.hpp"

namespace handover::gateway {
namespace {

// Deadlines are looked at so often; none of them is meant to be sharper.
constexpr std::chrono::milliseconds between_ticks(200);
constexpr std::chrono::minutes between_tls_failures(1);

// SplitMix64: ids have to differ, nobody has to be unable to guess them.
std::uint64_t next_random(std::uint64_t& state) {
    state += 0x9E3779B97F4A7C15U;
    auto mixed = state;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31U);
}

}  // namespace

Loop::Loop(std::size_t index, LoopMetrics& metrics)
    : io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),  // sockets are used on the loop's thread alone
      index_(index),
      metrics_(metrics),
      timer_(io_) {
    const auto seed = crypto::random_bytes(sizeof random_);
    std::memcpy(&random_, seed.data(), sizeof random_);
}

Loop::~Loop() = default;

void Loop::adopt(platform::Descriptor socket, Entrance entrance) {
    expect_one();
    adopt_expected(std::move(socket), entrance);
}

void Loop::adopt_expected(platform::Descriptor socket, Entrance entrance) {
    const auto connection = std::make_shared<Connection>(*this, std::move(socket), entrance);
    if (draining_ || !connection->usable()) {
        open_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    connections_.insert(connection);
    ++metrics_.connections;
    metrics_.accepted();
    connection->start();
    schedule_tick();
}

void Loop::remove(const std::shared_ptr<Connection>& connection) {
    if (connections_.erase(connection) == 0) return;
    open_.fetch_sub(1, std::memory_order_relaxed);
    --metrics_.connections;
    if (draining_ && connections_.empty() && empty_) std::exchange(empty_, {})();
}

void Loop::schedule_tick() {
    if (ticking_ || connections_.empty()) return;
    ticking_ = true;
    timer_.expires_after(between_ticks);
    timer_.async_wait([this](const boost::system::error_code& error) {
        ticking_ = false;
        if (!error) tick();
    });
}

void Loop::tick() {
    const auto now = std::chrono::steady_clock::now();
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all) connection->tick(now);
    schedule_tick();
}

void Loop::drain(std::function<void()> empty) {
    draining_ = true;
    if (connections_.empty()) return empty();
    empty_ = std::move(empty);
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all) connection->drain();
}

void Loop::cut() {
    const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
    for (const auto& connection : all) connection->give_up();
}

void Loop::tls_failed(std::string_view why) {
    metrics_.tls_failed();
    const auto now = std::chrono::steady_clock::now();
    if (told_of_tls_ && now - *told_of_tls_ < between_tls_failures) return;
    told_of_tls_ = now;
    log::warning("serve",
                 fmt::format("TLS with a client failed: {} (said once a minute at most; "
                             "handover_tls_failures_total counts)",
                             why));
}

std::string Loop::request_id() {
    constexpr std::size_t digits = 24;
    constexpr std::string_view prefix = "req_";
    std::string id(prefix.size() + digits, '_');
    prefix.copy(id.data(), prefix.size());
    std::uint64_t random = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (i % 16 == 0) random = next_random(random_);
        id[prefix.size() + i] = "0123456789abcdef"[random >> 60U];
        random <<= 4U;
    }
    return id;
}

std::string_view Loop::date_line() {
    const auto now = std::time(nullptr);
    if (now != date_of_) {
        date_of_ = now;
        date_line_ = "Date: " + http_date(now) + "\r\n";
    }
    return date_line_;
}

}  // namespace handover::gateway
