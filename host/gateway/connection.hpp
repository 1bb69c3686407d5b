// A client's connection: requests in, one after the other, answers out in the same order. Reading
// goes on while an answer is made, so that a client's going is seen at once; what it sends ahead is
// kept up to a bound. Everything on its loop's thread.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "gateway/api_error.hpp"
#include "gateway/client_request.hpp"
#include "gateway/loop.hpp"
#include "gateway/outgoing_answer.hpp"
#include "gateway/outlet.hpp"
#include "gateway/request_parser.hpp"
#include "tls/server_session.hpp"

namespace handover::gateway {

class Connection final : public std::enable_shared_from_this<Connection>, private AnswerCarrier {
public:
    using SteadyTime = std::chrono::steady_clock::time_point;

    Connection(Loop& loop, platform::Descriptor socket, Entrance entrance);
    ~Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] bool usable() const { return socket_.is_open(); }
    void start();
    void tick(SteadyTime now);
    void drain();    // ends after the answer that is being given, or now
    void give_up();  // ends now

private:
    enum class State { reading, answering, lingering, closed };

    void wait_writable() override;
    std::string_view date_line() override { return loop_.date_line(); }

    void read();
    void received(std::string_view bytes);
    void unseal(std::string_view sealed);
    void took(std::string_view bytes);
    void consume(std::string_view bytes);
    void advance();
    void judge();
    void answer();
    void begin_answer();
    void answer_locally(int status, const std::vector<http::Header>& headers);
    void refuse(const ApiError& error);
    void refuse_unread(const ApiError& error);
    void answered(const std::exception_ptr& thrown);
    void end_answer();
    void settle();
    void next_request();

    void watch_while_full();
    void peer_ended();
    void gone();
    void tls_failed();
    void linger();
    void close();
    void set_read_deadline(SteadyTime now);
    void timed_out();
    void resize_buffer(std::size_t size);

    Loop& loop_;
    Entrance entrance_;
    boost::asio::generic::stream_protocol::socket socket_;
    std::unique_ptr<tls::ServerSession> tls_ = {};  // null: plain
    Outlet outlet_;
    OutgoingAnswer answer_;
    RequestParser parser_ = RequestParser();

    State state_ = State::reading;
    bool reading_ = false;       // a read is under way
    bool watching_ = false;      // too much came ahead to read on
    bool writing_ = false;       // a wait for the socket is under way
    bool peer_ended_ = false;    // it sends nothing any more
    bool answer_done_ = false;   // whoever answers has returned
    bool last_ = false;          // no request after this one
    bool first_ = true;          // no request was seen yet
    std::size_t discarded_ = 0;  // while lingering

    std::unique_ptr<char[]> buffer_ = {};
    std::size_t buffer_size_ = 0;
    std::string ahead_ = {};  // what came after the request that is being answered

    std::optional<SteadyTime> deadline_ = {};  // of reading, or of lingering
    bool head_deadline_ = false;
    bool body_deadline_ = false;
    SteadyTime last_progress_ = {};  // of writing what was kept
    ClientRequest request_ = {};
    std::optional<std::stop_source> client_gone_ = {};
    std::shared_ptr<const FrontState> front_ = {};  // of the request that is read or answered
};

}  // namespace handover::gateway
