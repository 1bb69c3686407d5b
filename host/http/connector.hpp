// Makes a TCP connection to a target: finds its addresses and tries them. For the files of this
// folder only.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/connection.hpp"
#include "http/name_lookup.hpp"
#include "http/target.hpp"
#include "http/transfer_error.hpp"

namespace handover::http {

struct Connected {
    std::optional<Socket> socket = {};
    Ending ending = Ending::refused;  // why there is none
    std::string detail = {};
};

// Addresses are tried in the resolver's order, each 250 ms after the one before or as soon as that
// has failed; the first that answers wins (RFC 8305). Has no deadline of its own.
class Connector : public std::enable_shared_from_this<Connector> {
public:
    // Called once, on the loop, unless the connector was cancelled before.
    using Done = std::function<void(Connected)>;

    Connector(boost::asio::io_context& io, Done done);

    void start(const Target& target);
    void cancel();

private:
    using Endpoint = boost::asio::ip::tcp::endpoint;

    void try_all(std::vector<Endpoint> endpoints);
    void try_next();
    void tried(std::list<Socket>::iterator attempt, const boost::system::error_code& error);
    void end(Connected connected);

    boost::asio::io_context& io_;
    Done done_;
    std::optional<NameLookup> lookup_ = {};
    std::vector<Endpoint> endpoints_ = {};
    std::size_t next_ = 0;
    std::list<Socket> attempts_ = {};
    boost::asio::steady_timer head_start_;
    std::string first_failure_ = {};
};

}  // namespace handover::http
