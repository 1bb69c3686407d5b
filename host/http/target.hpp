// Where a URL leads, as far as the client has to know it. Pure.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace handover::http {

struct Target {
    std::string scheme = {};  // "http" or "https"
    std::string host = {};    // lower case; an IPv6 address without brackets
    std::uint16_t port = 0;   // the scheme's own where the URL names none
    bool loopback = false;    // localhost, *.localhost (RFC 6761 section 6.3), 127.0.0.0/8, ::1

    // "localhost:11434", "[::1]:8080", "api.example.com" (a port only where it is not the scheme's
    // own).
    [[nodiscard]] std::string authority() const;
    bool operator==(const Target&) const = default;
};

// An absolute http or https URL without user information or fragment; CONFIG_INVALID otherwise.
Result<Target> parse_target(std::string_view url);

}  // namespace handover::http
