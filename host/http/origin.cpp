#include "http/origin.hpp"

#include <algorithm>
#include <utility>

namespace handover::http {
namespace {

constexpr std::size_t most_idle = 1024;  // to one server

}  // namespace

Origin::Origin(const Target& target)
    : secure_(target.scheme == "https"), host_(target.host), port_(target.port) {}

bool Origin::is(const Target& target) const {
    return port_ == target.port && secure_ == (target.scheme == "https") && host_ == target.host;
}

void Origin::close_idle(std::chrono::steady_clock::time_point since_before) {
    while (!idle_.empty() && idle_.front()->idle_since < since_before) idle_.pop_front();
}

std::shared_ptr<Connection> Origin::take() {
    close_idle(std::chrono::steady_clock::now() - longest_idle);
    while (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        if (connection->is_silent()) return connection;
    }
    return nullptr;
}

void Origin::keep(std::shared_ptr<Connection> connection) {
    connection->idle_since = std::chrono::steady_clock::now();
    idle_.push_back(std::move(connection));
    if (idle_.size() > most_idle) idle_.pop_front();
}

void Origin::learn(tls::Ticket newer) {
    if (newer) ticket_ = std::move(newer);
}

void Origin::answered_http1() {
    if (speaks_ == Speaks::unknown) speaks_ = Speaks::http1;
}

Origin& Origins::of(const Target& target) {
    const auto found = std::find_if(
        all_.begin(), all_.end(), [&](const Origin& origin) { return origin.is(target); });
    return found == all_.end() ? all_.emplace_back(target) : *found;
}

void Origins::close_idle(std::chrono::steady_clock::time_point since_before) {
    for (auto& origin : all_) origin.close_idle(since_before);
}

}  // namespace handover::http
