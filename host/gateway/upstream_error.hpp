// What a client is told of a request that its provider, or the way to it, did not serve. Pure.
#pragma once

#include <handover/error.hpp>

#include <optional>
#include <string>

#include "gateway/api_error.hpp"
#include "http/message.hpp"
#include "text/time.hpp"

namespace handover::gateway {

struct UpstreamFailure {
    Error error = {};
    std::optional<http::Response> refusal = {};  // the provider's own words, status 400 or above
    // Of a quota or a long limit, or of the pause after a failed refresh; where somebody said.
    std::optional<Time> reset = {};
    // How long until there may be room in the gateway's own queue.
    std::optional<std::chrono::seconds> queue_wait = {};
};

// `retries`: how often the gateway itself repeats a request. Where it did, the client need not.
ApiError api_error(const UpstreamFailure& failure, int retries, Time now);

// The provider's answer as it came, where it already is an error in OpenAI's shape about the
// request or its limits, so that nothing it says is lost; secrets in it are replaced. Nothing
// otherwise, and for whatever is between the gateway and the provider.
std::optional<std::string> error_as_it_came(const UpstreamFailure& failure);

// Another provider may do better: no quota, too many requests, overloaded, unreachable. Never for
// a request that is wrong, for a login that is missing, or for the gateway's own queue.
bool is_worth_a_fallback(const UpstreamFailure& failure);

}  // namespace handover::gateway
