// A method's effective endpoints: declared ones, or those of the issuer's discovery document, which
// is kept in the cache folder for a day. A shell over `Send` and two small files; what is decided
// is decided in oauth2/discovery.
#pragma once

#include <handover/result.hpp>

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "auth/method.hpp"
#include "auth/oauth2/discovery.hpp"
#include "http/message.hpp"
#include "text/time.hpp"

namespace handover::auth {

struct EffectiveEndpoints {
    oauth2::EndpointSource source = oauth2::EndpointSource::declared;
    Endpoints endpoints = {};
    bool iss_promised = false;  // only metadata can promise it
};

// The outside world this needs. `cache_dir` empty: nothing is kept.
struct DiscoveryServices {
    http::Send send = {};
    std::function<Time()> clock = {};
    std::string cache_dir = {};
};

// The sources to try for this method, first to last, by its discovery mode and by what was found
// gone within the last day.
std::vector<oauth2::EndpointSource> endpoint_sources(const Method& method,
                                                     const DiscoveryServices& services);

// The endpoints of one source. A discovery document younger than a day comes from the cache.
Result<EffectiveEndpoints> endpoints_from(const Method& method,
                                          oauth2::EndpointSource source,
                                          const DiscoveryServices& services,
                                          const std::stop_token& stop);

// The endpoints of the first source that has any. Where discovery fails and declared endpoints take
// its place, a warning is logged.
Result<EffectiveEndpoints> effective_endpoints(const Method& method,
                                               const DiscoveryServices& services,
                                               const std::stop_token& stop);

// True where an endpoint's answer says that it is not there (any more): 404, 410, or it was never
// reached.
bool endpoint_is_gone(const http::Outcome& outcome);

// Remembers that a source's endpoints are gone, so that the next attempt begins with the other
// source: for a day after 404 or 410, for ten minutes where it was not reached. Drops a cached
// document.
void remember_gone(const Method& method,
                   oauth2::EndpointSource source,
                   const http::Outcome& outcome,
                   const DiscoveryServices& services);

}  // namespace handover::auth
