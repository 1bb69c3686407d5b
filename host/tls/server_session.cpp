#include "tls/server_session.hpp"

#include <utility>

#include "tls/ssl_library.hpp"

namespace handover::tls {

ServerSession::ServerSession(std::shared_ptr<const Identity> identity)
    : Session(std::move(identity)) {
    ssl().set_accept_state(session());
}

bool ServerSession::may_begin_with(std::string_view bytes) {
    constexpr char handshake = 22;  // RFC 8446 section 5.1, ContentType
    return !bytes.empty() && bytes.front() == handshake;
}

}  // namespace handover::tls
