// Who may talk to the gateway: decided from a request's head alone, before any of its body is read.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api_error.hpp"
#include "gateway/gateway_keys.hpp"
#include "gateway/request_head.hpp"

namespace handover::gateway {

// How a connection came in.
enum class Entrance {
    loopback,  // TCP on a loopback address: names are checked against DNS rebinding
    remote,    // TCP elsewhere, by --allow-remote: any IP address may be named as well
    local,     // a Unix socket: no browser gets there
};

struct AdmissionRules {
    std::vector<GatewayKey> keys = {};
    std::vector<std::string> hosts = {};    // further names that Host may have, without a port
    std::vector<std::string> origins = {};  // that may call from a browser; "*": any
};

struct Admission {
    std::optional<ApiError> refused = {};
    std::string key_name = {};        // empty where no key was needed
    std::string allowed_origin = {};  // for the CORS headers of the answer
    bool preflight = false;           // a CORS preflight of an allowed origin: answer it
};

Admission admit(const RequestHead& head, const AdmissionRules& rules, Entrance entrance);

// "localhost", "*.localhost" and loopback addresses, with or without a port; any IP address at a
// remote entrance; and the configured names.
bool is_allowed_host(std::string_view host,
                     const std::vector<std::string>& hosts,
                     Entrance entrance);

// A loopback address (not a name): 127.0.0.0/8 or ::1, without brackets.
bool is_loopback_address(std::string_view address);

// The headers that let a browser's page of that origin read the answer.
std::vector<http::Header> cors_headers(std::string_view origin, bool preflight);

}  // namespace handover::gateway
