#include "http/connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <span>
#include <utility>

#include "tls/client_session.hpp"

namespace handover::http {
namespace {

// Sealed at a time: a long body is not held twice.
constexpr std::size_t most_sealed = 4 * tls::longest_record;

using Pieces = std::array<std::string_view, 2>;

// What is left of the two from byte `from` on, at most so many bytes.
Pieces rest_of(std::string_view head, std::string_view body, std::size_t from, std::size_t most) {
    const auto first = head.substr(std::min(from, head.size()), most);
    const auto behind = from > head.size() ? from - head.size() : 0;
    return {first, body.substr(std::min(behind, body.size()), most - first.size())};
}

}  // namespace

Connection::Connection(Socket opened, std::unique_ptr<tls::ClientSession> session)
    : socket_(std::move(opened)), session_(std::move(session)) {
    if (session_) sealed_in_ = std::make_unique_for_overwrite<Sealed>();
}

Connection::~Connection() {
    close();
}

Connection::Code Connection::greet() {
    session_->begin(sealed_out_);
    return flush();
}

Connection::Code Connection::write(std::string_view body, std::size_t& sent) {
    return session_ ? write_sealed(body, sent) : write_plain(body, sent);
}

// Head and body leave together.
Connection::Code Connection::write_plain(std::string_view body, std::size_t& sent) {
    Code error;
    while (!error && sent < head.size() + body.size()) {
        const auto [first, second] = rest_of(head, body, sent, std::string_view::npos);
        const std::array buffers = {boost::asio::buffer(first), boost::asio::buffer(second)};
        sent += socket_.write_some(buffers, error);
    }
    return error;
}

Connection::Code Connection::write_sealed(std::string_view body, std::size_t& sent) {
    auto error = flush();
    while (!error && sent < head.size() + body.size()) {
        const auto pieces = rest_of(head, body, sent, most_sealed);
        if (!session_->seal(pieces, sealed_out_)) return boost::asio::error::broken_pipe;
        sent += pieces[0].size() + pieces[1].size();
        error = flush();
    }
    return error;
}

Connection::Code Connection::flush() {
    Code error;
    while (!error && sealed_sent_ < sealed_out_.size()) {
        const auto rest = std::string_view(sealed_out_).substr(sealed_sent_);
        sealed_sent_ += socket_.write_some(boost::asio::buffer(rest), error);
    }
    if (error) return error;
    sealed_sent_ = 0;
    sealed_out_.clear();
    // It once held more than a request's usual head and body.
    if (sealed_out_.capacity() > tls::longest_record) sealed_out_.shrink_to_fit();
    return error;
}

std::pair<char*, std::size_t> Connection::room() {
    if (session_) return {sealed_in_->data(), sealed_in_->size()};
    return {plain_.data(), plain_.size()};
}

void Connection::arrived(std::size_t size) {
    if (session_) {
        session_->feed({sealed_in_->data(), size});
    } else {
        unread_ = size;
    }
}

std::string_view Connection::next() {
    if (!session_) return {plain_.data(), std::exchange(unread_, 0)};
    const auto opened = session_->open(plain_, sealed_out_);
    // An alert, an answer to a change of keys: what does not leave now goes before what follows.
    if (!sealed_out_.empty()) (void)flush();
    if (opened.got == tls::Session::Got::end) over_ = Over::orderly;
    if (opened.got == tls::Session::Got::failure) over_ = Over::failed;
    return {plain_.data(), opened.size};
}

bool Connection::is_silent() {
    char byte = 0;
    const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::close() {
    if (!socket_.is_open()) return;
    if (session_ && sealed_out_.empty()) {
        session_->end(sealed_out_);
        (void)flush();
    }
    Code ignored;
    socket_.close(ignored);
}

}  // namespace handover::http
