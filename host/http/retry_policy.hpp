// Whether and when a failed request is sent again. Pure: time and randomness come in as values.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "http/message.hpp"
#include "text/time.hpp"

namespace handover::http {

struct FailedAttempt {
    int retries_made = 0;
    int max_retries = 3;
    bool worth_retrying =
        false;  // by the verdict: overloaded, transient, rate limited; never quota or invalid
    std::optional<Milliseconds> asked = {};  // how long the server asked to wait, from now
    double random = 0;                       // in [0, 1)
};

struct RetryDecision {
    bool retry = false;
    Milliseconds wait = {};

    bool operator==(const RetryDecision&) const = default;
};

// Longer waits are the user's decision: the error then says how long.
constexpr Milliseconds longest_asked_wait = std::chrono::seconds(60);

// What the server asked for, up to the bound above; else 0.5 s doubling to 8 s, less up to a
// quarter at random, as the official SDKs do it.
RetryDecision decide_retry(const FailedAttempt& attempt);

// `retry-after-ms`, else `retry-after` as seconds (a fraction is accepted) or as an HTTP date.
// Nothing if absent, malformed or past.
std::optional<Milliseconds> retry_after(const std::vector<Header>& headers, Time now);

}  // namespace handover::http
