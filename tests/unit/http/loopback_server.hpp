// A loopback HTTP/1.1 server whose every misdeed is scripted: what it received can be looked at,
// what it answers is a list of steps. One thread per connection; the port is the kernel's choice.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace handover::test {

struct Received {
    int connection = 0;  // counted from 1
    std::string method = {};
    std::string target = {};
    std::string head = {};  // as it came, with the request line
    std::string body = {};

    // The value of a header, or empty.
    [[nodiscard]] std::string header(const std::string& name) const;
};

struct Step {
    enum class Kind {
        write,
        await,  // until the test calls release()
        hold,   // until the client closes
        close,  // in order
        reset,  // with RST
    };
    Kind kind = Kind::write;
    std::string bytes = {};
};

using Response = std::vector<Step>;

// A whole answer with Content-Length; the connection stays open.
Response answer(int status,
                const std::string& body,
                const std::string& headers = "Content-Type: application/json\r\n");
// The head of a chunked event stream, and one chunk.
Step stream_head();
Step chunk(const std::string& bytes);
Step last_chunk();

class LoopbackServer {
public:
    enum class Family { v4, v6 };
    using Respond = std::function<Response(const Received&)>;

    explicit LoopbackServer(Respond respond, Family family = Family::v4);
    ~LoopbackServer();
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(const std::string& path = "/",
                                  const std::string& host = "127.0.0.1") const;

    void release();  // lets one `await` go on
    [[nodiscard]] std::vector<Received> requests() const;
    [[nodiscard]] int connections() const;
    // True once a client closed a connection that was held or awaiting; waits for that.
    bool wait_for_client_close(std::chrono::milliseconds at_most);

private:
    void accept_all(const std::stop_token& stop);
    void serve(int socket, int connection, const std::stop_token& stop);
    bool play(int socket, const Response& response, const std::stop_token& stop);
    bool await_release(int socket, const std::stop_token& stop);
    bool hold(int socket, const std::stop_token& stop);
    bool closed_by_client();  // false, for play()

    Respond respond_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;  // guards everything below but the threads
    std::condition_variable changed_;
    std::vector<Received> requests_;
    int connections_ = 0;
    int released_ = 0;
    int closed_by_client_ = 0;
    std::vector<std::jthread> workers_;
    std::jthread acceptor_;
};

// A port on which nothing listens: bound, never listened on, for as long as this lives.
class UnusedPort {
public:
    UnusedPort();
    ~UnusedPort();
    UnusedPort(const UnusedPort&) = delete;
    UnusedPort& operator=(const UnusedPort&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    int socket_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace handover::test
