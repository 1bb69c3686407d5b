#include "http/event_loop.hpp"

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "http/transfer.hpp"

namespace handover::http {

// By itself libcurl keeps four for each transfer that is under way at the moment one ends: a busy
// loop's quiet moment would cost it its connections, and then the handshakes of new ones.
constexpr long most_connections = 256;

// A socket of libcurl's, watched but not owned.
struct EventLoop::Watch {
    Watch(boost::asio::io_context& io, curl_socket_t fd) : socket(fd), descriptor(io, fd) {}
    ~Watch() { descriptor.release(); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    curl_socket_t socket;
    boost::asio::posix::stream_descriptor descriptor;
    int wanted = CURL_POLL_NONE;  // CURL_POLL_IN | CURL_POLL_OUT
    int waiting = CURL_POLL_NONE;
    bool gone = false;
};

EventLoop::EventLoop(boost::asio::io_context& io, const CurlLibrary& curl)
    : io_(io), curl_(curl), multi_(curl.multi_init()), share_(curl.share_init()), timer_(io) {
    if (share_ != nullptr) curl_.share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    if (multi_ == nullptr) return;
    curl_.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, most_connections);
    curl_.multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &EventLoop::socket_wanted);
    curl_.multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_.multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &EventLoop::timer_wanted);
    curl_.multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

EventLoop::~EventLoop() {
    *alive_ = false;
    for (const auto& [easy, transfer] : running_) curl_.multi_remove_handle(multi_, easy);
    if (multi_ != nullptr) curl_.multi_cleanup(multi_);
    if (share_ != nullptr) curl_.share_cleanup(share_);
    for (const auto& [socket, watch] : watches_) {
        watch->gone = true;
        watch->descriptor.release();
    }
}

bool EventLoop::start(Transfer& transfer) {
    if (multi_ == nullptr || curl_.multi_add_handle(multi_, transfer.easy()) != CURLM_OK)
        return false;
    running_.emplace(transfer.easy(), &transfer);
    fed_.reserve(running_.size());  // so that `fed` cannot fail inside libcurl
    return true;
}

void EventLoop::remove(Transfer& transfer) {
    std::erase(fed_, &transfer);
    if (running_.erase(transfer.easy()) > 0) curl_.multi_remove_handle(multi_, transfer.easy());
}

void EventLoop::resume(Transfer& transfer) {
    curl_.easy_pause(transfer.easy(), CURLPAUSE_CONT);
    act(CURL_SOCKET_TIMEOUT, 0);
}

int EventLoop::socket_wanted(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
    auto& loop = *static_cast<EventLoop*>(self);
    try {
        if (what == CURL_POLL_REMOVE) {
            loop.unwatch(socket);
        } else {
            loop.watch(socket, what);
        }
        return 0;
    } catch (...) {
        return -1;  // out of memory or of descriptors: libcurl ends its transfers
    }
}

void EventLoop::watch(curl_socket_t socket, int what) {
    auto& entry = watches_[socket];
    if (!entry) entry = std::make_shared<Watch>(io_, socket);
    entry->wanted = what;
    arm(entry);
}

// libcurl closes the socket right after this.
void EventLoop::unwatch(curl_socket_t socket) {
    const auto found = watches_.find(socket);
    if (found == watches_.end()) return;
    found->second->gone = true;
    found->second->descriptor.release();
    watches_.erase(found);
}

void EventLoop::arm(const std::shared_ptr<Watch>& watch) {
    wait(watch, CURL_POLL_IN);
    wait(watch, CURL_POLL_OUT);
}

void EventLoop::wait(const std::shared_ptr<Watch>& watch, int direction) {
    if ((watch->wanted & direction) == 0 || (watch->waiting & direction) != 0) return;
    watch->waiting |= direction;
    const bool reads = direction == CURL_POLL_IN;
    const auto kind = reads ? boost::asio::posix::stream_descriptor::wait_read
                            : boost::asio::posix::stream_descriptor::wait_write;
    watch->descriptor.async_wait(
        kind,
        [this, alive = alive_, watch, direction, reads](const boost::system::error_code& error) {
            watch->waiting &= ~direction;
            if (!*alive || watch->gone || error) return;
            if ((watch->wanted & direction) == 0) return;
            act(watch->socket, reads ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
            if (*alive && !watch->gone) arm(watch);
        });
}

int EventLoop::timer_wanted(CURLM*, long milliseconds, void* self) noexcept {
    try {
        static_cast<EventLoop*>(self)->set_timer(milliseconds);
        return 0;
    } catch (...) {
        return -1;
    }
}

void EventLoop::set_timer(long milliseconds) {
    const auto round = ++timer_round_;
    const auto wake = [this, alive = alive_, round](const boost::system::error_code& error) {
        if (error || !*alive || round != timer_round_) return;
        act(CURL_SOCKET_TIMEOUT, 0);
    };
    if (milliseconds < 0) {
        timer_.cancel();
    } else if (milliseconds == 0) {
        // Not called from here: libcurl forbids acting inside its callback.
        boost::asio::post(io_, [wake] { wake({}); });
    } else {
        timer_.expires_after(std::chrono::milliseconds(milliseconds));
        timer_.async_wait(wake);
    }
}

void EventLoop::act(curl_socket_t socket, int events) {
    // libcurl takes its timer to have rung then, and does not take it back.
    if (socket == CURL_SOCKET_TIMEOUT) set_timer(-1);
    int still_running = 0;
    curl_.multi_socket_action(multi_, socket, events, &still_running);
    const auto alive = alive_;
    collect_ended();
    if (*alive) settle_fed();
}

void EventLoop::fed(Transfer& transfer) {
    if (std::find(fed_.begin(), fed_.end(), &transfer) == fed_.end()) fed_.push_back(&transfer);
}

void EventLoop::settle_fed() {
    const auto alive = alive_;
    while (*alive && !fed_.empty()) {
        auto& transfer = *fed_.back();
        fed_.pop_back();
        transfer.settled();
    }
}

// Whoever waited for a transfer may begin and end others, and may be done with this loop.
void EventLoop::collect_ended() {
    const auto alive = alive_;
    int left = 0;
    while (*alive) {
        const auto* const message = curl_.multi_info_read(multi_, &left);
        if (message == nullptr) return;
        if (message->msg != CURLMSG_DONE) continue;
        const auto code = message->data.result;  // the message goes with the handle
        const auto found = running_.find(message->easy_handle);
        if (found == running_.end()) continue;
        auto& transfer = *found->second;
        remove(transfer);
        transfer.ended_by_library(code);
    }
}

}  // namespace handover::http
