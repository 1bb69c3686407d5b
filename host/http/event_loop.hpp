// libcurl's multi interface on an Asio io_context: sockets and timers of all transfers, and the
// pool of connections. Everything on the thread that runs the io_context. For the files of this
// folder only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "http/curl_library.hpp"

namespace handover::http {

class Transfer;

class EventLoop {
public:
    EventLoop(boost::asio::io_context& io, const CurlLibrary& curl);
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    [[nodiscard]] const CurlLibrary& library() const { return curl_; }
    // What transfers of this loop have in common; may be null.
    [[nodiscard]] CURLSH* share() const { return share_; }

    // Runs a configured transfer until it ends or is removed. False where libcurl does not take it.
    bool start(Transfer& transfer);

    // Gives a running transfer up at once, closing its connection (HTTP/2: resetting its stream).
    // Not from a handler: that returns false instead.
    void remove(Transfer& transfer);

    // Lets libcurl go on with a body that it was told to hold.
    void resume(Transfer& transfer);

    // Some of its body was handed over: the handler is told once all that arrived with it was.
    void fed(Transfer& transfer);

private:
    struct Watch;

    static int socket_wanted(
        CURL*, curl_socket_t socket, int what, void* self, void* watch) noexcept;
    static int timer_wanted(CURLM*, long milliseconds, void* self) noexcept;

    void watch(curl_socket_t socket, int what);
    void unwatch(curl_socket_t socket);
    void arm(const std::shared_ptr<Watch>& watch);
    void wait(const std::shared_ptr<Watch>& watch, int direction);
    void set_timer(long milliseconds);
    void act(curl_socket_t socket, int events);
    void collect_ended();
    void settle_fed();

    boost::asio::io_context& io_;
    const CurlLibrary& curl_;
    CURLM* multi_ = nullptr;
    CURLSH* share_ = nullptr;  // TLS sessions of all transfers
    boost::asio::steady_timer timer_;
    unsigned long timer_round_ = 0;  // an older round's wake-up is void
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::map<curl_socket_t, std::shared_ptr<Watch>> watches_ = {};
    std::unordered_map<CURL*, Transfer*> running_ = {};
    std::vector<Transfer*> fed_ = {};
};

}  // namespace handover::http
