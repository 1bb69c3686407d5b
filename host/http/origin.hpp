// What one loop knows of the servers it talks to: the connections that it keeps, and how it
// reaches them. For the files of this folder only.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "http/connection.hpp"
#include "http/target.hpp"
#include "tls/client_session.hpp"

namespace handover::http {

// A server by scheme, host and port (RFC 9110 section 4.3.1).
class Origin {
public:
    explicit Origin(const Target& target);

    [[nodiscard]] bool is(const Target& target) const;

    // The one used last, if it is still open and silent; null where there is none.
    std::shared_ptr<Connection> take();
    void keep(std::shared_ptr<Connection> connection);
    void close_idle(std::chrono::steady_clock::time_point since_before);

    // An https server that answered libcurl in HTTP/1.1 needs it no more: from the next request on
    // it has connections of this loop's own.
    [[nodiscard]] bool is_http1() const { return speaks_ == Speaks::http1; }
    void answered_http1();
    // The next request is libcurl's, and shows anew what the server speaks.
    void unlearn() { speaks_ = Speaks::unknown; }
    // All are, from now on.
    void leave_to_curl() { speaks_ = Speaks::not_ours; }

    // For a session's resumption; null where no server gave one.
    [[nodiscard]] const tls::Ticket& ticket() const { return ticket_; }
    void learn(tls::Ticket newer);

private:
    enum class Speaks { unknown, http1, not_ours };

    bool secure_;
    std::string host_;
    std::uint16_t port_;
    Speaks speaks_ = Speaks::unknown;
    tls::Ticket ticket_ = {};
    std::deque<std::shared_ptr<Connection>> idle_ = {};
};

class Origins {
public:
    // Lives as long as this.
    Origin& of(const Target& target);
    void close_idle(std::chrono::steady_clock::time_point since_before);

private:
    std::deque<Origin> all_ = {};  // few: one for each provider in use
};

}  // namespace handover::http
