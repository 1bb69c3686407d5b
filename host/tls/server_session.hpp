// A server's side of TLS on one connection.
#pragma once

#include <memory>
#include <string_view>

#include "tls/identity.hpp"
#include "tls/session.hpp"

namespace handover::tls {

class ServerSession final : public Session {
public:
    explicit ServerSession(std::shared_ptr<const Identity> identity);

    // Whether the first bytes of a connection can be a client's hello.
    static bool may_begin_with(std::string_view bytes);
};

}  // namespace handover::tls
