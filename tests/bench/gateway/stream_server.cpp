#include "stream_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <memory>
#include <queue>
#include <unordered_map>
#include <vector>

#include "stream_event.hpp"

namespace handover::bench {
namespace {

constexpr int events_per_turn = 32;  // of one stream without pauses, before the others have theirs

constexpr std::string_view response_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view event_front =
    R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m",)"
    R"("choices":[{"index":0,"delta":{"content":")";
constexpr std::string_view event_back = "\"},\"finish_reason\":null}]}\n\n";
constexpr std::string_view last_events =
    R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m",)"
    R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
    "\n\ndata: [DONE]\n\n";

std::string chunk(std::string_view data) {
    std::array<char, 16> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", data.size());
    return std::string(size.data()).append(data).append("\r\n");
}

// The chunk of an event, whose stamp is written anew each time.
class StampedEvent {
public:
    std::string_view now() {
        std::array<char, stamp_digits + 1> digits{};
        std::snprintf(digits.data(), digits.size(), "%019lld", static_cast<long long>(now_ns()));
        text_.replace(at_, stamp_digits, digits.data(), stamp_digits);
        return text_;
    }

private:
    std::string text_ =
        chunk(std::string(event_front) + std::string(stamp_digits, '0') + std::string(event_back));
    std::size_t at_ = text_.find(stamp_prefix) + stamp_prefix.size();
};

struct Connection {
    int fd = -1;
    std::uint64_t serial = 0;   // tells it from a later connection with its descriptor
    std::string request = {};   // what has come of it
    std::string unsent = {};    // what the socket did not take
    std::int64_t left = 0;      // events of the stream
    std::int64_t every_ns = 0;  // 0: back to back
};

struct Due {
    std::int64_t at = 0;
    int fd = -1;
    std::uint64_t serial = 0;
    bool operator>(const Due& other) const { return at > other.at; }
};

std::size_t content_length(std::string_view head) {
    for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
        if (const auto at = head.find(name); at != std::string_view::npos)
            return static_cast<std::size_t>(leading_number(head.substr(at + name.size())));
    }
    return 0;
}

// Takes a whole request off the front of the text; empty while there is none.
std::string take_request(std::string& text) {
    const auto end = text.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    const auto whole = end + 4 + content_length(std::string_view(text).substr(0, end));
    if (text.size() < whole) return {};
    auto request = text.substr(0, whole);
    text.erase(0, whole);
    return request;
}

StreamPlan plan_of(std::string_view request) {
    const auto at = request.find(plan_prefix);
    if (at == std::string_view::npos) return {};
    const auto numbers = request.substr(at + plan_prefix.size());
    return {.events = leading_number(numbers),
            .every_us = leading_number(numbers.substr(numbers.find('-') + 1))};
}

class StreamServer {
public:
    explicit StreamServer(int port);
    [[noreturn]] void run();

private:
    void watch(int fd, std::uint32_t events, int operation) const;
    void accept_all();
    void handle(const epoll_event& event);
    void receive(Connection& connection);
    void begin(Connection& connection, const StreamPlan& plan);
    void send(Connection& connection, std::string_view bytes) const;
    void flush(Connection& connection) const;
    void write_event(Connection& connection);
    void write_due();
    void write_back_to_back();
    void arm_timer() const;
    Connection* find(const Due& due);
    void forget(int fd);

    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    int timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int listener_ = -1;
    std::uint64_t serial_ = 0;
    StampedEvent event_ = {};
    std::unordered_map<int, std::unique_ptr<Connection>> connections_ = {};
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_ = {};
    std::deque<Due> back_to_back_ = {};
};

StreamServer::StreamServer(int port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
    if (::listen(listener_, 4096) != 0) die("listen");
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    watch(timer_, EPOLLIN, EPOLL_CTL_ADD);
}

void StreamServer::watch(int fd, std::uint32_t events, int operation) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(poll_, operation, fd, &event) != 0) die("epoll_ctl");
}

void StreamServer::accept_all() {
    while (true) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        auto connection = std::make_unique<Connection>();
        connection->fd = fd;
        connection->serial = ++serial_;
        connections_.insert_or_assign(fd, std::move(connection));
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
}

void StreamServer::forget(int fd) {
    connections_.erase(fd);
    ::close(fd);
}

void StreamServer::receive(Connection& connection) {
    std::array<char, 16384> buffer{};
    const auto got = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return forget(connection.fd);
    connection.request.append(buffer.data(), static_cast<std::size_t>(got));
    if (const auto request = take_request(connection.request); !request.empty())
        begin(connection, plan_of(request));
}

void StreamServer::begin(Connection& connection, const StreamPlan& plan) {
    connection.left = plan.events;
    connection.every_ns = plan.every_us * 1000;
    send(connection, response_head);
    write_event(connection);
    if (connection.left == 0) return;
    Due next{.at = now_ns(), .fd = connection.fd, .serial = connection.serial};
    if (connection.every_ns == 0) return back_to_back_.push_back(next);
    // Spread over the interval by the golden ratio, so that streams which begin together do not
    // march in step.
    next.at +=
        connection.every_ns * static_cast<std::int64_t>(connection.serial * 618 % 1000) / 1000;
    due_.push(next);
}

void StreamServer::send(Connection& connection, std::string_view bytes) const {
    if (!connection.unsent.empty()) {
        connection.unsent.append(bytes);
        return;
    }
    const auto sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size())) return;
    connection.unsent.append(bytes.substr(sent < 0 ? 0 : static_cast<std::size_t>(sent)));
    watch(connection.fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

void StreamServer::flush(Connection& connection) const {
    const auto sent =
        ::send(connection.fd, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    connection.unsent.erase(0, static_cast<std::size_t>(sent));
    if (connection.unsent.empty()) watch(connection.fd, EPOLLIN, EPOLL_CTL_MOD);
}

void StreamServer::write_event(Connection& connection) {
    send(connection, event_.now());
    if (--connection.left > 0) return;
    connection.left = 0;
    static const std::string end = chunk(last_events) + "0\r\n\r\n";
    send(connection, end);
}

Connection* StreamServer::find(const Due& due) {
    const auto at = connections_.find(due.fd);
    if (at == connections_.end() || at->second->serial != due.serial) return nullptr;
    return at->second.get();
}

void StreamServer::write_due() {
    const auto now = now_ns();
    while (!due_.empty() && due_.top().at <= now) {
        auto due = due_.top();
        due_.pop();
        auto* connection = find(due);
        if (connection == nullptr) continue;
        write_event(*connection);
        if (connection->left == 0) continue;
        due.at = now + connection->every_ns;
        due_.push(due);
    }
}

void StreamServer::write_back_to_back() {
    for (auto streams = back_to_back_.size(); streams > 0; --streams) {
        const auto turn = back_to_back_.front();
        back_to_back_.pop_front();
        auto* connection = find(turn);
        if (connection == nullptr) continue;
        // Nothing is stamped that the socket would not take yet.
        for (int i = 0; i < events_per_turn && connection->left > 0 && connection->unsent.empty();
             ++i)
            write_event(*connection);
        if (connection->left > 0) back_to_back_.push_back(turn);
    }
}

void StreamServer::arm_timer() const {
    itimerspec when{};
    when.it_value.tv_sec = due_.top().at / 1'000'000'000;
    when.it_value.tv_nsec = due_.top().at % 1'000'000'000;
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

void StreamServer::handle(const epoll_event& event) {
    if (event.data.fd == listener_) return accept_all();
    if (event.data.fd == timer_) {
        std::uint64_t expirations = 0;
        [[maybe_unused]] const auto got = ::read(timer_, &expirations, sizeof expirations);
        return;
    }
    const auto at = connections_.find(event.data.fd);
    if (at == connections_.end()) return;
    if ((event.events & EPOLLOUT) != 0) flush(*at->second);
    if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive(*at->second);
}

void StreamServer::run() {
    std::array<epoll_event, 256> events{};
    while (true) {
        if (!due_.empty()) arm_timer();
        const int ready = ::epoll_wait(
            poll_, events.data(), static_cast<int>(events.size()), back_to_back_.empty() ? -1 : 0);
        for (int i = 0; i < ready; ++i) handle(events[static_cast<std::size_t>(i)]);
        write_due();
        write_back_to_back();
    }
}

}  // namespace

void serve_streams(int port) {
    StreamServer(port).run();
}

}  // namespace handover::bench
