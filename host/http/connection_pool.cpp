#include "http/connection_pool.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace handover::http {
namespace {

// Servers close idle connections after 5 s (uvicorn, node) to minutes.
constexpr auto longest_idle = std::chrono::minutes(2);
constexpr std::size_t most_idle = 1024;  // to one place

// Closed by the server, or with bytes on it that nobody asked for: neither can be used again.
bool is_silent(Connection& connection) {
    char byte = 0;
    const auto got = ::recv(connection.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

ConnectionPool::Place* ConnectionPool::find(const Target& target) {
    for (auto& place : places_) {
        if (place.port == target.port && place.host == target.host) return &place;
    }
    return nullptr;
}

std::shared_ptr<Connection> ConnectionPool::take(const Target& target) {
    auto* const place = find(target);
    if (place == nullptr) return nullptr;
    auto& idle = place->idle;
    const auto oldest = std::chrono::steady_clock::now() - longest_idle;
    while (!idle.empty() && idle.front()->idle_since < oldest) idle.pop_front();
    while (!idle.empty()) {
        auto connection = std::move(idle.back());
        idle.pop_back();
        if (is_silent(*connection)) return connection;
    }
    return nullptr;
}

void ConnectionPool::keep(const Target& target, std::shared_ptr<Connection> connection) {
    auto* place = find(target);
    if (place == nullptr) {
        place = &places_.emplace_back(Place{.host = target.host, .port = target.port});
    }
    connection->idle_since = std::chrono::steady_clock::now();
    place->idle.push_back(std::move(connection));
    if (place->idle.size() > most_idle) place->idle.pop_front();
}

}  // namespace handover::http
