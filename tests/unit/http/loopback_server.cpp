#include "loopback_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace handover::test {
namespace {

constexpr int tick = 5;  // ms between looks at the stop token; nothing a test waits for

void require(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

int bind_loopback(LoopbackServer::Family family, std::uint16_t& port) {
    const bool v6 = family == LoopbackServer::Family::v6;
    const int fd = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0, "socket");
    sockaddr_storage address = {};
    socklen_t size = 0;
    if (v6) {
        auto& in6 = reinterpret_cast<sockaddr_in6&>(address);
        in6.sin6_family = AF_INET6;
        in6.sin6_addr = in6addr_loopback;
        size = sizeof in6;
    } else {
        auto& in4 = reinterpret_cast<sockaddr_in&>(address);
        in4.sin_family = AF_INET;
        in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        size = sizeof in4;
    }
    require(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
    require(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
    port = ntohs(v6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                    : reinterpret_cast<sockaddr_in&>(address).sin_port);
    return fd;
}

bool readable(int socket, const std::stop_token& stop) {
    pollfd wanted = {.fd = socket, .events = POLLIN, .revents = 0};
    while (!stop.stop_requested()) {
        if (::poll(&wanted, 1, tick) > 0) return true;
    }
    return false;
}

// Appends what comes; false at the end of the connection.
bool read_some(int socket, std::string& into, const std::stop_token& stop) {
    if (!readable(socket, stop)) return false;
    char bytes[65536];
    const auto count = ::recv(socket, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    into.append(bytes, static_cast<std::size_t>(count));
    return true;
}

bool write_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

// One request with a Content-Length body (or none); nothing when the client is gone.
std::optional<Received> read_request(int socket, std::string& buffer, const std::stop_token& stop) {
    auto end = std::string::npos;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
        if (!read_some(socket, buffer, stop)) return std::nullopt;
    }
    Received received;
    received.head = buffer.substr(0, end + 2);
    buffer.erase(0, end + 4);
    const auto first = received.head.find(' ');
    const auto second = received.head.find(' ', first + 1);
    received.method = received.head.substr(0, first);
    received.target = received.head.substr(first + 1, second - first - 1);
    const auto length = received.header("Content-Length");
    const std::size_t wanted = length.empty() ? 0 : std::stoul(length);
    while (buffer.size() < wanted) {
        if (!read_some(socket, buffer, stop)) return std::nullopt;
    }
    received.body = buffer.substr(0, wanted);
    buffer.erase(0, wanted);
    return received;
}

void reset(int socket) {
    const linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace

std::string Received::header(const std::string& name) const {
    const auto lower = [](std::string text) {
        std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
            return static_cast<char>(std::tolower(c));
        });
        return text;
    };
    const auto found = lower(head).find("\r\n" + lower(name) + ":");
    if (found == std::string::npos) return {};
    auto start = found + name.size() + 3;
    const auto end = head.find("\r\n", start);
    start = std::min(head.find_first_not_of(' ', start), end);
    return head.substr(start, end - start);
}

Response answer(int status, const std::string& body, const std::string& headers) {
    return {{.bytes = "HTTP/1.1 " + std::to_string(status) + " Status\r\n" + headers +
                      "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body}};
}

Step stream_head() {
    return {.bytes =
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
                "chunked\r\n\r\n"};
}

Step chunk(const std::string& bytes) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return {.bytes = size + bytes + "\r\n"};
}

Step last_chunk() {
    return {.bytes = "0\r\n\r\n"};
}

LoopbackServer::LoopbackServer(Respond respond, Family family) : respond_(std::move(respond)) {
    listener_ = bind_loopback(family, port_);
    require(::listen(listener_, 64) == 0, "listen");
    acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
}

LoopbackServer::~LoopbackServer() {
    acceptor_.request_stop();
    acceptor_.join();
    for (auto& worker : workers_) worker.request_stop();
    changed_.notify_all();
    workers_.clear();
    ::close(listener_);
}

std::string LoopbackServer::url(const std::string& path, const std::string& host) const {
    return "http://" + host + ':' + std::to_string(port_) + path;
}

void LoopbackServer::release() {
    const std::lock_guard lock(mutex_);
    ++released_;
    changed_.notify_all();
}

std::vector<Received> LoopbackServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

int LoopbackServer::connections() const {
    const std::lock_guard lock(mutex_);
    return connections_;
}

bool LoopbackServer::wait_for_client_close(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return closed_by_client_ > 0; });
}

void LoopbackServer::accept_all(const std::stop_token& stop) {
    while (readable(listener_, stop)) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) continue;
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        int connection = 0;
        {
            const std::lock_guard lock(mutex_);
            connection = ++connections_;
        }
        workers_.emplace_back([this, socket, connection](const std::stop_token& end) {
            serve(socket, connection, end);
            ::close(socket);
        });
    }
}

void LoopbackServer::serve(int socket, int connection, const std::stop_token& stop) {
    std::string buffer;
    while (auto received = read_request(socket, buffer, stop)) {
        received->connection = connection;
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(*received);
            changed_.notify_all();
        }
        if (!play(socket, respond_(*received), stop)) return;
    }
}

bool LoopbackServer::play(int socket, const Response& response, const std::stop_token& stop) {
    for (const auto& step : response) {
        switch (step.kind) {
            case Step::Kind::write:
                if (!write_all(socket, step.bytes)) return closed_by_client();
                break;
            case Step::Kind::await:
                if (!await_release(socket, stop)) return false;
                break;
            case Step::Kind::hold:
                return hold(socket, stop);
            case Step::Kind::reset:
                reset(socket);
                return false;
            case Step::Kind::close:
                return false;
        }
    }
    return true;
}

bool LoopbackServer::await_release(int, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        if (released_ > 0) {
            --released_;
            return true;
        }
        changed_.wait_for(lock, std::chrono::milliseconds(tick));
    }
    return false;
}

bool LoopbackServer::hold(int socket, const std::stop_token& stop) {
    std::string ignored;
    while (read_some(socket, ignored, stop)) {
    }
    if (stop.stop_requested()) return false;
    return closed_by_client();
}

bool LoopbackServer::closed_by_client() {
    const std::lock_guard lock(mutex_);
    ++closed_by_client_;
    changed_.notify_all();
    return false;
}

UnusedPort::UnusedPort() {
    socket_ = bind_loopback(LoopbackServer::Family::v4, port_);
}
UnusedPort::~UnusedPort() {
    ::close(socket_);
}

}  // namespace handover::test
