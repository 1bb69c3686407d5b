#include "auth/login/callback_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "auth/login/page.hpp"
#include "log/log.hpp"
#include "secret/secret.hpp"

namespace handover::auth::login {
namespace {

constexpr auto time_for_a_request = std::chrono::seconds(10);
constexpr std::size_t longest_head = 16U << 10U;
// When there are more, the oldest goes: slow peers cannot keep the browser out.
constexpr std::size_t most_connections = 128;
constexpr auto time_to_read_the_page = std::chrono::seconds(2);

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

// Waits until the descriptor is ready for `events`; false at the deadline.
bool wait_ready(int fd, short events, SteadyTime deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd entry = {fd, events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(left.count()));
    return ready > 0 || (ready < 0 && errno == EINTR);
}

bool send_all(int fd, std::string_view bytes, SteadyTime deadline) {
    while (!bytes.empty()) {
        const auto sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (!would_block() || !wait_ready(fd, POLLOUT, deadline)) {
            return false;
        }
    }
    return true;
}

// Reads until the peer closes: a close with unread bytes would reset the connection and take the
// page away with it.
void drain(int fd, SteadyTime deadline) {
    std::array<char, 4096> buffer = {};
    while (wait_ready(fd, POLLIN, deadline)) {
        const auto got = recv(fd, buffer.data(), buffer.size(), 0);
        if (got == 0 || (got < 0 && !would_block())) return;
    }
}

}  // namespace

CallbackServer::CallbackServer(LoopbackSockets sockets, oauth2::ExpectedCallback expected)
    : sockets_(std::move(sockets)), expected_(std::move(expected)) {}

void CallbackServer::add_interest(std::vector<pollfd>& entries) const {
    for (const auto& listening : sockets_.listening)
        entries.push_back({listening.get(), POLLIN, 0});
    for (const auto& connection : connections_) {
        const short events = connection.to_send.empty() ? POLLIN : POLLIN | POLLOUT;
        entries.push_back({connection.socket.get(), events, 0});
    }
}

std::optional<SteadyTime> CallbackServer::next_deadline() const {
    std::optional<SteadyTime> first;
    for (const auto& connection : connections_) {
        if (!first || connection.deadline < *first) first = connection.deadline;
    }
    return first;
}

std::optional<std::string> CallbackServer::advance(const std::vector<pollfd>& entries,
                                                   SteadyTime now) {
    const auto is_ready = [&](int fd) {
        return std::any_of(entries.begin(), entries.end(), [&](const pollfd& entry) {
            return entry.fd == fd && entry.revents != 0;
        });
    };
    std::optional<std::string> target;
    for (auto& connection : connections_) {
        if (target) break;
        if (is_ready(connection.socket.get())) target = receive(connection);
        if (now >= connection.deadline) connection.done = true;
    }
    std::erase_if(connections_, [](const Connection& connection) { return connection.done; });
    for (const auto& listening : sockets_.listening) {
        if (is_ready(listening.get())) accept_from(listening.get(), now);
    }
    return target;
}

void CallbackServer::accept_from(int listening, SteadyTime now) {
    while (true) {
        platform::Descriptor socket(
            accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket.valid()) return;
        if (connections_.size() >= most_connections) connections_.erase(connections_.begin());
        connections_.push_back({.socket = std::move(socket),
                                .deadline = now + time_for_a_request,
                                .received = {},
                                .to_send = {},
                                .answered = false,
                                .done = false});
    }
}

std::optional<std::string> CallbackServer::receive(Connection& connection) {
    if (!connection.to_send.empty()) send_rest(connection);
    std::array<char, 4096> buffer = {};
    const auto got = recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && would_block()) return std::nullopt;
    if (got <= 0) {
        connection.done = true;
        return std::nullopt;
    }
    if (connection.answered) return std::nullopt;
    connection.received.append(buffer.data(), static_cast<std::size_t>(got));
    return judge(connection);
}

std::optional<std::string> CallbackServer::judge(Connection& connection) {
    const auto parse = oauth2::parse_request_head(connection.received);
    const bool too_long = connection.received.size() > longest_head;
    if (parse.state == oauth2::HeadState::need_more && !too_long) return std::nullopt;
    wipe(connection.received);
    connection.without_body = parse.head.method == "HEAD";
    if (parse.state == oauth2::HeadState::need_more) {
        refuse(connection, 431);
    } else if (parse.state == oauth2::HeadState::malformed ||
               !oauth2::is_loopback_authority(parse.head.host, sockets_.port)) {
        refuse(connection, 400);
    } else if (oauth2::target_path(parse.head.target) != expected_.path) {
        refuse(connection, 404);
    } else if (parse.head.method != "GET") {
        refuse(connection, 405);
    } else if (!oauth2::answers_our_request(parse.head.target, expected_)) {
        log::info("auth", "a request to the login's port does not belong to this login");
        refuse(connection, 400);
    } else {
        hold(connection);
        return parse.head.target;
    }
    return std::nullopt;
}

void CallbackServer::refuse(Connection& connection, int status) {
    connection.answered = true;
    connection.to_send = refusal_response(status);
    if (connection.without_body) connection.to_send.resize(connection.to_send.find("\r\n\r\n") + 4);
    send_rest(connection);
}

void CallbackServer::send_rest(Connection& connection) {
    const auto& rest = connection.to_send;
    const auto sent = send(connection.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && would_block()) return;
    if (sent < 0) {
        connection.done = true;
        return;
    }
    connection.to_send.erase(0, static_cast<std::size_t>(sent));
    if (connection.to_send.empty()) (void)shutdown(connection.socket.get(), SHUT_WR);
}

void CallbackServer::hold(Connection& connection) {
    waiting_browser_ = std::move(connection.socket);
    connection.done = true;
}

void CallbackServer::finish(const std::string& response) {
    sockets_.listening.clear();
    connections_.clear();
    if (!waiting_browser_.valid()) return;
    const auto deadline = std::chrono::steady_clock::now() + time_to_read_the_page;
    if (send_all(waiting_browser_.get(), response, deadline)) {
        (void)shutdown(waiting_browser_.get(), SHUT_WR);
        drain(waiting_browser_.get(), deadline);
    }
    waiting_browser_.reset();
}

}  // namespace handover::auth::login
