// A redirect URI that this machine can listen on (RFC 8252 section 7.3). Pure.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <string_view>

namespace handover::auth::login {

enum class LoopbackHost { ipv4, ipv6, both };  // 127.0.0.1, [::1], localhost

struct RedirectUri {
    std::string text = {};  // as declared
    LoopbackHost host = LoopbackHost::ipv4;
    unsigned port = 0;  // 0: any free one
    std::string path = {};

    bool operator==(const RedirectUri&) const = default;
};

// CONFIG_INVALID unless it is http://HOST:PORT/PATH with a loopback HOST, no query, no fragment and
// no user information.
Result<RedirectUri> parse_redirect_uri(std::string_view text);

// The URI to send: as declared, with the real port in place of a 0.
std::string with_port(const RedirectUri& uri, unsigned port);

}  // namespace handover::auth::login
