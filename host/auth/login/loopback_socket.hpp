// The sockets of one redirect URI, bound and listening before a browser opens.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <vector>

#include "auth/login/redirect_uri.hpp"
#include "platform/files.hpp"

namespace handover::auth::login {

struct LoopbackSockets {
    std::vector<platform::Descriptor> listening =
        {};                         // non-blocking; for localhost one per address family
    std::string redirect_uri = {};  // to be sent, with the real port
    std::string path = {};
    unsigned port = 0;
};

// The first of `redirect_uris` whose port is free. For `localhost` both 127.0.0.1 and ::1 must be
// had on one port number; a machine without IPv6 does with the first. AUTH_PORT_BUSY names the
// ports if none is free, CONFIG_INVALID a URI that cannot be listened on.
Result<LoopbackSockets> listen_on_loopback(const std::vector<std::string>& redirect_uris);

}  // namespace handover::auth::login
