// The idle connections of one loop. For the files of this folder only.
#pragma once

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/response_parser.hpp"
#include "http/target.hpp"

namespace handover::http {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class PlainExchange;

// A plain HTTP/1.1 connection with what is used anew for each exchange on it.
struct Connection {
    explicit Connection(Socket opened) : socket(std::move(opened)) {}

    Socket socket;
    PlainExchange* user = nullptr;  // whose reads and writes are under way; null: nobody's
    std::string head = {};          // of the request; wiped when it has left
    ResponseParser parser = ResponseParser();
    std::chrono::steady_clock::time_point idle_since = {};
    std::array<char, 16U << 10U> buffer;  // filled by reads, never read before
};

class ConnectionPool {
public:
    // The one used last, if it is still open and silent; null where there is none.
    std::shared_ptr<Connection> take(const Target& target);
    void keep(const Target& target, std::shared_ptr<Connection> connection);

private:
    struct Place {
        std::string host = {};
        std::uint16_t port = 0;
        std::deque<std::shared_ptr<Connection>> idle = {};
    };
    Place* find(const Target& target);

    std::vector<Place> places_ = {};  // few: one for each provider in use
};

}  // namespace handover::http
