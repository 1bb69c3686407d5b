// A client's side of TLS on one connection.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tls/session.hpp"
#include "tls/trust.hpp"

struct ssl_session_st;

namespace handover::tls {

// With which a later connection to the same server is spared the long handshake. On one thread.
using Ticket = std::shared_ptr<ssl_session_st>;

// Whom a client means to talk to.
struct Peer {
    std::string host = {};  // a name, or an IP address without brackets
    Ticket ticket = {};     // of an earlier session with the same host and port; may be null
};

class ClientSession final : public Session {
public:
    ClientSession(std::shared_ptr<const Trust> trust, const Peer& peer);
    ~ClientSession() override;

    // The client's hello is appended to `out`. What the server answers is fed and opened; the
    // handshake goes on by that.
    void begin(std::string& out);

    // The handshake is complete and the server is the one meant (RFC 9525).
    [[nodiscard]] bool established() const;
    // The newest that came since the last call; null where none did.
    [[nodiscard]] Ticket new_ticket() { return std::exchange(ticket_, nullptr); }

    // For OpenSSL. 0: its own is not kept.
    static int on_ticket(ssl_st* session, ssl_session_st* ticket) noexcept;

private:
    [[nodiscard]] std::string describe_failure() const override;

    Ticket ticket_ = {};
};

}  // namespace handover::tls
