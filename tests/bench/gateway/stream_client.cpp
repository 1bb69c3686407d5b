#include "stream_client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "stream_reader.hpp"

namespace handover::bench {
namespace {

constexpr int most_silence_ms = 90'000;  // of all streams together

std::string request_text(const StreamLoad& load) {
    const auto body = R"({"model":")" + std::string(plan_prefix) +
                      std::to_string(load.plan.events) + "-" + std::to_string(load.plan.every_us) +
                      R"(","stream":true,"messages":[{"role":"user","content":"Say hello"}]})";
    std::string text =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(load.port) +
        "\r\nAuthorization: Bearer " + load.key +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n";
    for (const auto& header : load.headers) text += header + "\r\n";
    return text + "\r\n" + body;
}

int connect_to(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

struct Connection {
    int fd = -1;
    int streams_left = 0;  // after the one that is open
    std::int64_t asked_at = 0;
    std::int64_t events = 0;  // of the open stream
    StreamReader reader = {};
};

struct Figures {
    std::vector<std::int64_t> first_ns = {};  // from the request's write to the first event's read
    std::vector<std::int64_t> event_ns = {};  // from an event's write to its read
    std::int64_t reads = 0;
    std::int64_t began = 0;
};

class StreamClient {
public:
    explicit StreamClient(const StreamLoad& load);
    bool run();

private:
    bool ask(Connection& connection);
    bool receive(Connection& connection);
    void note_events(Connection& connection);
    bool end_stream(Connection& connection);
    bool refuse(const Connection& connection, const char* why) const;
    void print();

    const StreamLoad& load_;
    std::string request_ = request_text(load_);
    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<Connection> connections_ = {};
    std::vector<std::int64_t> stamps_ = {};  // of one read
    std::vector<char> buffer_ = std::vector<char>(65536);
    std::size_t open_ = 0;
    std::size_t begun_ = 0;  // connections whose first stream has its first event
    Figures figures_ = {};
};

StreamClient::StreamClient(const StreamLoad& load) : load_(load) {
    connections_.resize(static_cast<std::size_t>(load.connections));
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        connections_[i].fd = connect_to(load.port);
        connections_[i].streams_left = load.streams_each;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        if (::epoll_ctl(poll_, EPOLL_CTL_ADD, connections_[i].fd, &event) != 0) die("epoll_ctl");
    }
    figures_.event_ns.reserve(connections_.size() * static_cast<std::size_t>(load.plan.events));
}

bool StreamClient::refuse(const Connection& connection, const char* why) const {
    std::fprintf(stderr,
                 "stream_load: %s after %lld events; the head was\n%s\n",
                 why,
                 static_cast<long long>(connection.events),
                 connection.reader.head().c_str());
    return false;
}

bool StreamClient::ask(Connection& connection) {
    connection.reader = {};
    connection.events = 0;
    --connection.streams_left;
    connection.asked_at = now_ns();
    const auto sent = ::send(connection.fd, request_.data(), request_.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(request_.size()) ||
           refuse(connection, "the request was not taken");
}

void StreamClient::note_events(Connection& connection) {
    if (stamps_.empty()) return;
    const auto now = now_ns();
    if (connection.events == 0) {
        figures_.first_ns.push_back(now - connection.asked_at);
        if (connection.streams_left + 1 == load_.streams_each && ++begun_ == connections_.size()) {
            std::puts("ready");
            std::fflush(stdout);
        }
    }
    connection.events += static_cast<std::int64_t>(stamps_.size());
    for (const auto stamp : stamps_) figures_.event_ns.push_back(now - stamp);
}

bool StreamClient::end_stream(Connection& connection) {
    if (connection.events != load_.plan.events) return refuse(connection, "the stream ended");
    if (connection.streams_left > 0) return ask(connection);
    ::close(connection.fd);
    --open_;
    return true;
}

bool StreamClient::receive(Connection& connection) {
    const auto got = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return refuse(connection, got == 0 ? "the connection ended" : "the read failed");
    ++figures_.reads;
    stamps_.clear();
    if (!connection.reader.feed({buffer_.data(), static_cast<std::size_t>(got)}, stamps_))
        return refuse(connection, "the answer was not understood");
    note_events(connection);
    return !connection.reader.ended() || end_stream(connection);
}

bool StreamClient::run() {
    figures_.began = now_ns();
    open_ = connections_.size();
    for (auto& connection : connections_) {
        if (!ask(connection)) return false;
    }
    std::array<epoll_event, 256> events{};
    while (open_ > 0) {
        const int ready =
            ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), most_silence_ms);
        if (ready == 0) return refuse(connections_.front(), "nothing came for a long time");
        for (int i = 0; i < ready; ++i) {
            if (!receive(connections_[events[static_cast<std::size_t>(i)].data.u64])) return false;
        }
    }
    print();
    return true;
}

double percentile_us(std::vector<std::int64_t>& values, std::size_t percent) {
    if (values.empty()) return 0;
    const auto at =
        values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) * percent / 100);
    std::nth_element(values.begin(), at, values.end());
    return static_cast<double>(*at) / 1000;
}

void StreamClient::print() {
    const auto seconds = static_cast<double>(now_ns() - figures_.began) / 1e9;
    std::printf(
        "events=%zu reads=%lld took=%.3f first_p50=%.1f first_p99=%.1f event_p50=%.1f "
        "event_p99=%.1f\n",
        figures_.event_ns.size(),
        static_cast<long long>(figures_.reads),
        seconds,
        percentile_us(figures_.first_ns, 50),
        percentile_us(figures_.first_ns, 99),
        percentile_us(figures_.event_ns, 50),
        percentile_us(figures_.event_ns, 99));
}

}  // namespace

bool measure_streams(const StreamLoad& load) {
    return StreamClient(load).run();
}

}  // namespace handover::bench
