#include "http/http1_exchange.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <cstring>
#include <utility>

#include "http/lane.hpp"
#include "http/request_head.hpp"
#include "tls/client_session.hpp"

namespace handover::http {

Http1Exchange::~Http1Exchange() {
    cut();
}

void Http1Exchange::begin() {
    origin_ = &lane().origin(target());
    connection_ = order().pooled ? origin_->take() : nullptr;
    if (!connection_) return connect();
    reused_ = true;
    send();
}

void Http1Exchange::connect() {
    connector_ = std::make_shared<Connector>(
        lane().io(), [this](Connected result) { connected(std::move(result)); });
    connector_->start(target());
}

void Http1Exchange::connected(Connected result) {
    connector_.reset();
    if (!result.socket) return end({.ending = result.ending, .detail = std::move(result.detail)});
    std::unique_ptr<tls::ClientSession> session;
    if (secure()) {
        const auto& trust = lane().trust();
        if (!trust) return refused(trust.error().reason);
        session = std::make_unique<tls::ClientSession>(
            *trust, tls::Peer{.host = target().host, .ticket = origin_->ticket()});
    }
    connection_ = std::make_shared<Connection>(std::move(*result.socket), std::move(session));
    if (!secure()) return send();
    connection_->user = this;
    shaking_hands_ = true;
    if (const auto error = connection_->greet(); error) return untaken(error.message());
    read();
}

// What of the handshake arrived. Nothing of the request has left before its end.
void Http1Exchange::on_greeting() {
    if (lost_) return untaken(lost_.message());
    auto& session = *connection_->session();
    const auto early = connection_->next();
    if (connection_->over() != Connection::Over::no) return refused(session.failure());
    if (!early.empty()) return refused("bytes before the request");
    if (!session.established()) return read();
    shaking_hands_ = false;
    send();
}

void Http1Exchange::send() {
    connection_->user = this;
    append_request_head(connection_->head, order().request, target(), lane().options().user_agent);
    connection_->parser.begin(order().request.method == "HEAD");
    ++sends_;
    sent_ = 0;
    writing_ = true;
    enter(Ending::first_byte_timeout);
    write();
    read();
}

// An error here is left for the reading side to find: the server may have answered before it
// closed.
void Http1Exchange::write() {
    const auto error = connection_->write(body_of(order().request), sent_);
    if (error == boost::asio::error::would_block) {
        connection_->socket().async_wait(
            Socket::wait_write, [kept = connection_](const boost::system::error_code& failed) {
                if (!failed && kept->user != nullptr) kept->user->on_writable();
            });
        return;
    }
    writing_ = static_cast<bool>(error);
    wipe(connection_->head);
}

void Http1Exchange::on_writable() {
    write();
}

void Http1Exchange::read() {
    reading_ = true;
    const auto [room, size] = connection_->room();
    connection_->socket().async_read_some(
        boost::asio::buffer(room, size),
        [kept = connection_](const boost::system::error_code& error, std::size_t count) {
            if (kept->user != nullptr) kept->user->on_read(error, count);
        });
}

void Http1Exchange::on_read(const boost::system::error_code& error, std::size_t size) {
    reading_ = false;
    lost_ = error;
    connection_->arrived(size);
    if (shaking_hands_) return on_greeting();
    (void)take_next();
    work();
}

// False where what arrived is taken.
bool Http1Exchange::take_next() {
    input_ = connection_->next();
    if (input_.empty()) return false;
    answer_begun_ = true;
    enter(Ending::idle_timeout);
    return true;
}

void Http1Exchange::continue_flow() {
    if (!ended() && connection_ && !reading_) work();
}

// What one read brought is handed over in one piece, chunked or not.
void Http1Exchange::work() {
    while (!paused()) {
        const auto step = connection_->parser.next(input_);
        if (step.kind == ResponseParser::Kind::body) {
            gather(step.bytes);
            continue;
        }
        if (!hand_over()) return end_early(Ending::stopped);
        if (paused() && step.kind != ResponseParser::Kind::failed) break;
        if (!take_step(step)) return;
    }
    settle();
}

// True to go on with the next one.
bool Http1Exchange::take_step(const ResponseParser::Step& step) {
    const auto& parser = connection_->parser;
    switch (step.kind) {
        case ResponseParser::Kind::head:
            if (deliver_head(parser.head())) return true;
            end_early(Ending::stopped);
            break;
        case ResponseParser::Kind::end:
            complete();
            break;
        case ResponseParser::Kind::failed:
            // libcurl is more patient with what a server says.
            origin_->leave_to_curl();
            if (parser.head_too_long()) {
                end_early(Ending::head_too_long);
            } else {
                broken(step.reason);
            }
            break;
        default:
            if (take_next()) return true;
            if (lost_ || connection_->over() != Connection::Over::no) {
                on_lost();
            } else if (settle()) {
                read();
            }
    }
    return false;
}

// False where that was the end.
bool Http1Exchange::settle() {
    if (deliver_settled()) return true;
    end_early(Ending::stopped);
    return false;
}

// The pieces stand in the connection's own bytes, one after the other with framing in between,
// which the next piece is moved over.
void Http1Exchange::gather(std::string_view bytes) {
    if (gathered_.empty()) {
        gathered_ = bytes;
        return;
    }
    std::memmove(
        const_cast<char*>(gathered_.data()) + gathered_.size(), bytes.data(), bytes.size());
    gathered_ = {gathered_.data(), gathered_.size() + bytes.size()};
}

bool Http1Exchange::hand_over() {
    const auto bytes = std::exchange(gathered_, {});
    return bytes.empty() || deliver_body(bytes);
}

// The connection ended. A kept one that closes before a byte of the answer was most likely closed
// while it was idle: the request is sent once more, on a fresh one.
void Http1Exchange::on_lost() {
    if (reused_ && !answer_begun_) {
        drop_connection();
        reused_ = false;
        lost_ = {};
        enter(Ending::connect_timeout);
        return connect();
    }
    const auto over = connection_->over();
    if (over == Connection::Over::failed) return broken(connection_->session()->failure());
    if (over == Connection::Over::no) {
        if (lost_ != boost::asio::error::eof) return broken(lost_.message());
        // Who cuts a connection must not be able to shorten an answer (RFC 8446 section 6.1).
        if (secure()) return broken("the connection ended without TLS's own end");
    }
    const auto last = connection_->parser.close();
    if (last.kind != ResponseParser::Kind::end) return broken(last.reason);
    complete();
}

void Http1Exchange::complete() {
    if (!input_.empty() || !connection_->next().empty())
        return broken("bytes follow the end of its answer");
    if (may_be_kept()) {
        connection_->user = nullptr;
        if (secure()) origin_->learn(connection_->session()->new_ticket());
        origin_->keep(std::exchange(connection_, nullptr));
    }
    drop_connection();
    end({.ending = Ending::answered});
}

bool Http1Exchange::may_be_kept() {
    return order().pooled && !writing_ && !lost_ && connection_->over() == Connection::Over::no &&
           connection_->parser.keeps_alive();
}

void Http1Exchange::broken(std::string reason) {
    drop_connection();
    end({.ending = Ending::broken, .detail = std::move(reason)});
}

// The server speaks no TLS that is taken here, or is not the one meant. libcurl is to say so, or to
// do better.
void Http1Exchange::refused(std::string reason) {
    origin_->leave_to_curl();
    untaken(std::move(reason));
}

// No request can leave. libcurl is to try, unless one has left before.
void Http1Exchange::untaken(std::string reason) {
    if (sends_ > 0) return broken(std::move(reason));
    if (origin_->is_http1()) origin_->unlearn();
    drop_connection();
    another_way_ = true;
    end({.ending = Ending::no_tls, .detail = std::move(reason)});
}

void Http1Exchange::cut() {
    if (connector_) connector_->cancel();
    connector_.reset();
    drop_connection();
}

// Closing ends what is under way on it; its handlers find nobody.
void Http1Exchange::drop_connection() {
    if (!connection_) return;
    wipe(connection_->head);
    connection_->user = nullptr;
    connection_->close();
    connection_.reset();
    input_ = {};
}

}  // namespace handover::http
