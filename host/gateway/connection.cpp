#include "gateway/connection.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace handover::gateway {
namespace {

namespace asio = boost::asio;
using Code = boost::system::error_code;

constexpr std::size_t small_buffer = 4U << 10U;
constexpr std::size_t large_buffer = 64U << 10U;  // while a longer body comes in
constexpr std::size_t most_ahead = 64U << 10U;
constexpr std::size_t most_discarded = 4U << 20U;
// How often a client that is not read from is looked at: its going is noticed within 100 ms.
constexpr std::chrono::milliseconds between_looks(50);
constexpr std::chrono::seconds lingering_time(2);
// No more than this waits unsent in the kernel for a client that reads slowly.
constexpr int most_unsent = 128 << 10;

asio::generic::stream_protocol protocol_of(int fd) {
    int family = AF_INET;
    socklen_t size = sizeof family;
    (void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return {family, 0};
}

void set_tcp_options(int fd) {
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most_unsent, sizeof most_unsent);
    // A client whose machine has gone says nothing.
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

// poll(2): what a client that has gone leaves behind, whatever of it was not read.
short farewell(int fd) {
    pollfd looked_at = {.fd = fd, .events = POLLRDHUP, .revents = 0};
    return poll(&looked_at, 1, 0) > 0 ? looked_at.revents : short(0);
}

}  // namespace

Connection::Connection(Loop& loop, platform::Descriptor socket, Entrance entrance)
    : loop_(loop),
      entrance_(entrance),
      socket_(loop.io()),
      outlet_(socket.get()),
      answer_(outlet_, *this),
      front_(loop.front()) {
    if (entrance != Entrance::local) set_tcp_options(socket.get());
    Code error;
    socket_.assign(protocol_of(socket.get()), socket.get(), error);
    if (error) return;
    (void)socket.release();
    if (front_->identity && entrance != Entrance::local) {
        tls_ = std::make_unique<tls::ServerSession>(front_->identity);
        outlet_.speak(tls_.get());
    }
    socket_.non_blocking(true, error);
}

void Connection::start() {
    resize_buffer(small_buffer);
    set_read_deadline(std::chrono::steady_clock::now());
    read();
}

void Connection::resize_buffer(std::size_t size) {
    if (buffer_size_ == size || reading_) return;
    buffer_.reset(new char[size]);
    buffer_size_ = size;
}

void Connection::read() {
    if (reading_ || peer_ended_ || state_ == State::closed) return;
    const bool full = state_ == State::answering && ahead_.size() >= most_ahead;
    if (full) return watch_while_full();
    const bool long_body = parser_.state() == RequestParser::State::body;
    resize_buffer(long_body ? large_buffer : small_buffer);
    reading_ = true;
    socket_.async_read_some(asio::buffer(buffer_.get(), buffer_size_),
                            [self = shared_from_this()](const Code& error, std::size_t count) {
                                self->reading_ = false;
                                if (self->state_ == State::closed) return;
                                if (error == asio::error::eof) return self->peer_ended();
                                if (error) return self->gone();
                                self->received({self->buffer_.get(), count});
                                self->read();
                            });
}

// The end of what the client sends stands behind bytes that are not read now.
void Connection::watch_while_full() {
    if (std::exchange(watching_, true)) return;
    const auto timer = std::make_shared<asio::steady_timer>(loop_.io(), between_looks);
    timer->async_wait([self = shared_from_this(), timer](const Code& error) {
        self->watching_ = false;
        if (error || self->state_ == State::closed) return;
        const auto seen = farewell(self->socket_.native_handle());
        if ((seen & (POLLERR | POLLHUP)) != 0) return self->gone();
        // What it sent before is still read when its turn comes.
        if (seen != 0 && self->client_gone_) self->client_gone_->request_stop();
        self->read();
    });
}

void Connection::received(std::string_view bytes) {
    if (!tls_ || state_ == State::lingering) return took(bytes);
    if (tls_->begun() || tls::ServerSession::may_begin_with(bytes)) return unseal(bytes);
    tls_.reset();
    outlet_.speak(nullptr);
    refuse_unread({.status = 400,
                   .message = "this port speaks TLS: the base URL begins https://",
                   .code = "tls_required"});
}

void Connection::unseal(std::string_view sealed) {
    std::array<char, tls::longest_record> plain;  // NOLINT: filled as far as it is used
    tls_->feed(sealed);
    auto opened = tls::Session::Opened{.got = tls::Session::Got::bytes};
    while (opened.got == tls::Session::Got::bytes) {
        opened = outlet_.open(plain);
        if (opened.size > 0) took({plain.data(), opened.size});
        // What else came is of no interest, and the buffer does not stay.
        if (state_ == State::closed || state_ == State::lingering) return tls_->feed({});
    }
    if (outlet_.kept() > 0) wait_writable();
    if (opened.got == tls::Session::Got::end) return peer_ended();
    if (opened.got == tls::Session::Got::failure) tls_failed();
}

void Connection::took(std::string_view bytes) {
    if (state_ == State::lingering) {
        discarded_ += bytes.size();
        if (discarded_ > most_discarded) return close();
    } else if (state_ == State::answering || !ahead_.empty()) {
        ahead_.append(bytes);
    } else {
        consume(bytes);
    }
}

// Feeds the parser until it needs more, or a request is there; what follows that is kept.
void Connection::consume(std::string_view bytes) {
    while (state_ == State::reading && !bytes.empty()) {
        bytes.remove_prefix(parser_.feed(bytes));
        advance();
    }
    if (state_ == State::answering) ahead_.append(bytes);
    if (state_ == State::reading) set_read_deadline(std::chrono::steady_clock::now());
}

void Connection::advance() {
    if (parser_.state() == RequestParser::State::judge) judge();
    if (state_ != State::reading) return;
    if (parser_.state() == RequestParser::State::complete) answer();
    if (parser_.state() != RequestParser::State::refused) return;
    begin_answer();
    last_ = true;
    refuse({.status = parser_.refusal().status,
            .message = std::string(parser_.refusal().why),
            .code = "bad_request"});
}

void Connection::wait_writable() {
    if (writing_ || state_ == State::closed) return;
    writing_ = true;
    last_progress_ = std::chrono::steady_clock::now();
    socket_.async_wait(asio::socket_base::wait_write,
                       [self = shared_from_this()](const Code& error) {
                           self->writing_ = false;
                           if (self->state_ == State::closed) return;
                           if (error) return self->gone();
                           self->answer_.writable();
                           self->settle();
                       });
}

// The client sends nothing any more. What was asked for is still answered where the answer is at
// hand; otherwise nobody is waiting.
void Connection::peer_ended() {
    peer_ended_ = true;
    if (state_ != State::answering) return close();
    if (client_gone_) client_gone_->request_stop();
}

void Connection::gone() {
    if (state_ != State::answering) return close();
    peer_ended_ = true;
    answer_.broken();
    if (client_gone_) client_gone_->request_stop();
    settle();
}

// What the client sends is no TLS, or it does not like ours. It is told why before the end.
void Connection::tls_failed() {
    loop_.tls_failed(tls_->failure());
    if (state_ != State::reading) return gone();
    linger();
}

// Reads on for a while: closing with bytes unread would take the answer away from the client.
void Connection::linger() {
    state_ = State::lingering;
    ahead_ = {};
    if (peer_ended_) return close();
    outlet_.end();
    Code error;
    socket_.shutdown(asio::socket_base::shutdown_send, error);
    deadline_ = std::chrono::steady_clock::now() + lingering_time;
    read();
}

void Connection::close() {
    if (state_ == State::closed) return;
    const bool abrupt = outlet_.broken() && answer_.incomplete();
    if (!abrupt) outlet_.end();
    state_ = State::closed;
    Code error;
    // A reset tells the client that its answer is not complete.
    if (abrupt) socket_.set_option(asio::socket_base::linger(true, 0), error);
    socket_.close(error);
    loop_.remove(shared_from_this());
}

void Connection::drain() {
    if (state_ == State::reading && !parser_.begun() && ahead_.empty()) return close();
    last_ = true;
    answer_.close_after();
}

void Connection::give_up() {
    if (state_ == State::answering) return gone();
    close();
}

// A head has its time from its first byte on, a body from its head on.
void Connection::set_read_deadline(SteadyTime now) {
    const auto& limits = front_->settings;
    if (parser_.state() == RequestParser::State::body) {
        if (!std::exchange(body_deadline_, true)) deadline_ = now + limits.body_timeout;
    } else if (parser_.begun() || first_) {
        if (!std::exchange(head_deadline_, true)) deadline_ = now + limits.head_timeout;
    } else {
        deadline_ = now + limits.keep_alive;
    }
}

void Connection::timed_out() {
    const bool says_why = state_ == State::reading && parser_.begun();
    if (!says_why) return close();
    refuse_unread({.status = 408,
                   .message = "the request did not arrive in time",
                   .code = "request_timeout"});
}

void Connection::tick(SteadyTime now) {
    if (deadline_ && now >= *deadline_) return timed_out();
    if (state_ != State::answering) return;
    const bool stalled =
        outlet_.kept() > 0 && now - last_progress_ >= front_->settings.stall_timeout;
    if (stalled) return gone();
    answer_.keep_alive(now, front_->settings.stream_keep_alive);
}

}  // namespace handover::gateway
