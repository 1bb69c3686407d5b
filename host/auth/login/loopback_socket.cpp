#include "auth/login/loopback_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <optional>

namespace handover::auth::login {
namespace {

constexpr int backlog = 64;
constexpr int attempts_for_a_pair = 32;  // a port free on 127.0.0.1 may be taken on ::1

struct Bound {
    platform::Descriptor socket = {};
    unsigned port = 0;
    int error_number = 0;  // of what failed, if socket is not valid
};

Bound failed() {
    return {.socket = {}, .port = 0, .error_number = errno};
}

unsigned bound_port(int fd) {
    sockaddr_storage address = {};
    socklen_t size = sizeof(address);
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
    return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

Bound listen_at(const sockaddr* address, socklen_t size) {
    platform::Descriptor socket(
        ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return failed();
    const int on = 1;
    // Lets a second login follow at once; never shares a port that somebody listens on.
    (void)setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->sa_family == AF_INET6) {
        (void)setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    if (bind(socket.get(), address, size) != 0) return failed();
    if (listen(socket.get(), backlog) != 0) return failed();
    const auto port = bound_port(socket.get());
    return {.socket = std::move(socket), .port = port, .error_number = 0};
}

Bound listen_v4(unsigned port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return listen_at(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

Bound listen_v6(unsigned port) {
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<std::uint16_t>(port));
    address.sin6_addr = in6addr_loopback;
    return listen_at(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

bool means_no_ipv6(int error_number) {
    return error_number == EAFNOSUPPORT || error_number == EADDRNOTAVAIL ||
           error_number == EPROTONOSUPPORT;
}

struct Attempt {
    std::vector<platform::Descriptor> sockets = {};  // empty: error_number says why
    unsigned port = 0;
    int error_number = 0;
};

Attempt one(Bound bound) {
    Attempt attempt = {.sockets = {}, .port = bound.port, .error_number = bound.error_number};
    if (bound.socket.valid()) attempt.sockets.push_back(std::move(bound.socket));
    return attempt;
}

Attempt pair(unsigned port) {
    auto attempt = one(listen_v4(port));
    if (attempt.sockets.empty()) return attempt;
    auto second = listen_v6(attempt.port);
    if (second.socket.valid()) {
        attempt.sockets.push_back(std::move(second.socket));
    } else if (!means_no_ipv6(second.error_number)) {
        return {.sockets = {}, .port = attempt.port, .error_number = second.error_number};
    }
    return attempt;
}

Attempt any_pair() {
    auto attempt = pair(0);
    for (int i = 1;
         i < attempts_for_a_pair && attempt.sockets.empty() && attempt.error_number == EADDRINUSE;
         ++i) {
        attempt = pair(0);
    }
    return attempt;
}

Attempt try_uri(const RedirectUri& uri) {
    switch (uri.host) {
        case LoopbackHost::ipv4:
            return one(listen_v4(uri.port));
        case LoopbackHost::ipv6:
            return one(listen_v6(uri.port));
        case LoopbackHost::both:
            break;
    }
    return uri.port == 0 ? any_pair() : pair(uri.port);
}

Failure none_free(const std::string& what) {
    return fail({.code = Errc::auth_port_busy,
                 .message = "no port is free to receive the sign-in's answer",
                 .reason = what,
                 .fix = "finish another login that may be running, or free the port"});
}

}  // namespace

Result<LoopbackSockets> listen_on_loopback(const std::vector<std::string>& redirect_uris) {
    std::string what;
    for (const auto& text : redirect_uris) {
        const auto uri = parse_redirect_uri(text);
        if (!uri) return uri.failure();
        auto attempt = try_uri(*uri);
        if (!attempt.sockets.empty()) {
            return LoopbackSockets{.listening = std::move(attempt.sockets),
                                   .redirect_uri = with_port(*uri, attempt.port),
                                   .path = uri->path,
                                   .port = attempt.port};
        }
        what += (what.empty() ? "port " : ", port ") + std::to_string(uri->port) + ": " +
                platform::error_text(attempt.error_number);
    }
    return none_free(what);
}

}  // namespace handover::auth::login
