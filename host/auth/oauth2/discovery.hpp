// Authorization server metadata (RFC 8414, OpenID Connect Discovery 1.0) and which source of
// endpoints is tried in which order. Pure.
#pragma once

#include <handover/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/method.hpp"

namespace handover::auth::oauth2 {

struct Metadata {
    std::string issuer = {};
    Endpoints endpoints = {};
    bool iss_parameter_supported = false;  // RFC 9207 section 3

    bool operator==(const Metadata&) const = default;
};

// Where an issuer's metadata may lie: OpenID Connect's place first, then RFC 8414's.
std::vector<std::string> well_known_urls(std::string_view issuer);

// The issuer must equal `expected_issuer` exactly (RFC 8414 section 3.3); endpoints must be https,
// or http on loopback, and on loopback only where the issuer is. An authorization endpoint and a
// token endpoint must be there.
Result<Metadata> parse_metadata(std::string_view json, std::string_view expected_issuer);

enum class EndpointSource { declared, discovery };

// What is known when an order is chosen.
struct KnownSources {
    bool declared = false;      // the method declares a token endpoint
    bool discoverable = false;  // it has an issuer
    std::optional<EndpointSource> gone =
        {};  // found gone lately (404, 410, unreachable): tried last
};

// The sources to try, first to last. One login takes all its endpoints from one of them.
std::vector<EndpointSource> source_order(Discovery mode, const KnownSources& known);

}  // namespace handover::auth::oauth2
