// Where the gateway listens: "ADDRESS:PORT" or "unix:PATH". Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace handover::config {

struct ListenAddress {
    std::string unix_path = {};  // empty: TCP
    std::string address = {};    // of TCP: numbers, an IPv6 address without its brackets
    std::uint16_t port = 0;      // 0: any free one
    bool ipv6 = false;

    bool operator==(const ListenAddress&) const = default;
};

// An IPv6 address stands in brackets; "localhost" is 127.0.0.1, no other name is looked up.
std::optional<ListenAddress> parse_listen_address(std::string_view text);

// As it was written: "127.0.0.1:4141", "[::1]:4141", "unix:/run/handover.sock".
std::string to_text(const ListenAddress& listen);

}  // namespace handover::config
