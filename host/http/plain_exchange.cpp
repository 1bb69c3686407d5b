#include "http/plain_exchange.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <cstring>
#include <utility>

#include "http/lane.hpp"
#include "http/request_head.hpp"

namespace handover::http {

PlainExchange::~PlainExchange() {
    cut();
}

void PlainExchange::begin() {
    auto idle = order().pooled ? lane().pool().take(target()) : nullptr;
    if (!idle) return connect();
    reused_ = true;
    send(std::move(idle));
}

void PlainExchange::connect() {
    connector_ = std::make_shared<Connector>(
        lane().io(), [this](Connected result) { connected(std::move(result)); });
    connector_->start(target());
}

void PlainExchange::connected(Connected result) {
    connector_.reset();
    if (!result.socket) return end({.ending = result.ending, .detail = std::move(result.detail)});
    send(std::make_shared<Connection>(std::move(*result.socket)));
}

void PlainExchange::send(std::shared_ptr<Connection> connection) {
    connection_ = std::move(connection);
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

// Head and body leave together. An error here is left for the reading side to find: the server may
// have answered before it closed.
void PlainExchange::write() {
    auto& connection = *connection_;
    const auto body = body_of(order().request);
    const auto head_size = connection.head.size();
    boost::system::error_code error;
    while (!error && sent_ < head_size + body.size()) {
        const auto rest_of = [this](std::string_view part, std::size_t before) {
            const auto gone = sent_ > before ? std::min(sent_ - before, part.size()) : 0;
            return boost::asio::const_buffer(part.data() + gone, part.size() - gone);
        };
        const std::array buffers = {rest_of(connection.head, 0), rest_of(body, head_size)};
        sent_ += connection.socket.write_some(buffers, error);
    }
    if (error == boost::asio::error::would_block) {
        connection.socket.async_wait(Socket::wait_write,
                                     [kept = connection_](const boost::system::error_code& failed) {
                                         if (!failed && kept->user != nullptr)
                                             kept->user->on_writable();
                                     });
        return;
    }
    writing_ = static_cast<bool>(error);
    wipe(connection.head);
}

void PlainExchange::on_writable() {
    write();
}

void PlainExchange::read() {
    reading_ = true;
    connection_->socket.async_read_some(
        boost::asio::buffer(connection_->buffer),
        [kept = connection_](const boost::system::error_code& error, std::size_t size) {
            if (kept->user != nullptr) kept->user->on_read(error, size);
        });
}

void PlainExchange::on_read(const boost::system::error_code& error, std::size_t size) {
    reading_ = false;
    lost_ = error;
    input_ = {connection_->buffer.data(), size};
    if (size > 0) {
        answer_begun_ = true;
        enter(Ending::idle_timeout);
    }
    work();
}

void PlainExchange::continue_flow() {
    if (!ended() && connection_ && !reading_) work();
}

// What one read brought is handed over in one piece, chunked or not.
void PlainExchange::work() {
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
bool PlainExchange::take_step(const ResponseParser::Step& step) {
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
            if (parser.head_too_long()) {
                end_early(Ending::head_too_long);
            } else {
                broken(step.reason);
            }
            break;
        default:
            if (lost_) {
                on_lost();
            } else if (settle()) {
                read();
            }
    }
    return false;
}

// False where that was the end.
bool PlainExchange::settle() {
    if (deliver_settled()) return true;
    end_early(Ending::stopped);
    return false;
}

// The pieces stand in the connection's buffer, one after the other with framing in between, which
// the next piece is moved over.
void PlainExchange::gather(std::string_view bytes) {
    if (gathered_.empty()) {
        gathered_ = bytes;
        return;
    }
    auto& buffer = connection_->buffer;
    const auto end = static_cast<std::size_t>(gathered_.data() - buffer.data()) + gathered_.size();
    std::memmove(buffer.data() + end, bytes.data(), bytes.size());
    gathered_ = {gathered_.data(), gathered_.size() + bytes.size()};
}

bool PlainExchange::hand_over() {
    const auto bytes = std::exchange(gathered_, {});
    return bytes.empty() || deliver_body(bytes);
}

// The connection ended. A kept one that closes before a byte of the answer was most likely closed
// while it was idle: the request is sent once more, on a fresh one.
void PlainExchange::on_lost() {
    if (reused_ && !answer_begun_) {
        drop_connection();
        reused_ = false;
        lost_ = {};
        enter(Ending::connect_timeout);
        return connect();
    }
    if (lost_ != boost::asio::error::eof) return broken(lost_.message());
    const auto last = connection_->parser.close();
    if (last.kind != ResponseParser::Kind::end) return broken(last.reason);
    complete();
}

void PlainExchange::complete() {
    if (!input_.empty()) return broken("bytes follow the end of its answer");
    const bool reusable =
        order().pooled && !writing_ && !lost_ && connection_->parser.keeps_alive();
    if (reusable) {
        connection_->user = nullptr;
        lane().pool().keep(target(), std::move(connection_));
    }
    drop_connection();
    end({.ending = Ending::answered});
}

void PlainExchange::broken(std::string reason) {
    drop_connection();
    end({.ending = Ending::broken, .detail = std::move(reason)});
}

void PlainExchange::cut() {
    if (connector_) connector_->cancel();
    connector_.reset();
    drop_connection();
}

// Closing ends what is under way on it; its handlers find nobody.
void PlainExchange::drop_connection() {
    if (!connection_) return;
    wipe(connection_->head);
    connection_->user = nullptr;
    boost::system::error_code ignored;
    connection_->socket.close(ignored);
    connection_.reset();
    input_ = {};
}

}  // namespace handover::http
