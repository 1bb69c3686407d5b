// A peer on loopback for the listener's tests: sends bytes, reads until the other side closes.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "platform/files.hpp"

namespace handover::tests {

inline platform::Descriptor connect_v4(unsigned port) {
    platform::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        socket.reset();
    return socket;
}

inline platform::Descriptor connect_v6(unsigned port) {
    platform::Descriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<std::uint16_t>(port));
    address.sin6_addr = in6addr_loopback;
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        socket.reset();
    return socket;
}

inline void say(const platform::Descriptor& socket, std::string_view bytes) {
    (void)!send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

inline std::string hear(const platform::Descriptor& socket) {
    std::string all;
    std::array<char, 4096> buffer = {};
    while (true) {
        const auto got = recv(socket.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) return all;
        all.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

inline std::string get(std::string_view target,
                       std::string_view host,
                       std::string_view method = "GET") {
    return std::string(method) + " " + std::string(target) +
           " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
}

}  // namespace handover::tests
