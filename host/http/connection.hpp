// One HTTP/1.1 connection of this loop's own, with what is used anew for each exchange on it. For
// the files of this folder only.
#pragma once

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/response_parser.hpp"

namespace handover::tls {
class ClientSession;
}

namespace handover::http {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class Http1Exchange;

class Connection {
public:
    using Code = boost::system::error_code;

    // Without a session it is plain.
    Connection(Socket opened, std::unique_ptr<tls::ClientSession> session);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Http1Exchange* user = nullptr;  // whose reads and writes are under way; null: nobody's
    std::string head = {};          // of the request; wiped when it has left
    ResponseParser parser = ResponseParser();
    std::chrono::steady_clock::time_point idle_since = {};

    [[nodiscard]] Socket& socket() { return socket_; }
    [[nodiscard]] tls::ClientSession* session() { return session_.get(); }

    // The client's half of the handshake begins.
    Code greet();

    // Writes head and body from their byte `sent` on, which moves along. Without an error all has
    // left; would_block where the socket takes no more for now.
    Code write(std::string_view body, std::size_t& sent);

    // Where the next read puts its bytes.
    [[nodiscard]] std::pair<char*, std::size_t> room();
    // After a read of so many bytes.
    void arrived(std::size_t size);
    // The next plain bytes of what arrived, in `buffer()`: valid until the next call, and theirs to
    // change who asked. Empty where there are no more for now, or none ever (`over`).
    std::string_view next();
    // Inside TLS: the other side said that nothing follows, or broke the rules.
    enum class Over { no, orderly, failed };
    [[nodiscard]] Over over() const { return over_; }

    // Neither closed by the server nor with bytes on it that nobody asked for.
    [[nodiscard]] bool is_silent();
    // Ends what is under way; the server is told, where there is a way to say so.
    void close();

private:
    using Plain = std::array<char, 16U << 10U>;   // RFC 8446 section 5.1: as much as a record holds
    using Sealed = std::array<char, 17U << 10U>;  // a whole record with all that is around it

    Code write_plain(std::string_view body, std::size_t& sent);
    Code write_sealed(std::string_view body, std::size_t& sent);
    Code flush();

    Socket socket_;
    std::unique_ptr<tls::ClientSession> session_;
    std::unique_ptr<Sealed> sealed_in_ = {};
    std::string sealed_out_ = {};  // what the socket has not taken
    std::size_t sealed_sent_ = 0;  // of sealed_out_
    std::size_t unread_ = 0;       // plain: what arrived and was not asked for
    Over over_ = Over::no;
    Plain plain_;  // filled by reads, never read before
};

}  // namespace handover::http
