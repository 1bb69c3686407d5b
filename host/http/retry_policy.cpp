#include "http/retry_policy.hpp"

#include <algorithm>
#include <cmath>

#include "text/http_time.hpp"

namespace handover::http {
namespace {

constexpr double first_backoff = 500;  // ms; the official SDKs' figures
constexpr double longest_backoff = 8000;
constexpr double jitter = 0.25;

Milliseconds backoff(const FailedAttempt& attempt) {
    const double doubled = first_backoff * std::exp2(std::min(attempt.retries_made, 10));
    return Milliseconds(
        std::llround(std::min(doubled, longest_backoff) * (1 - jitter * attempt.random)));
}

// Zero is no wait: the client's own is better than coming back at once.
bool is_some(std::optional<Milliseconds> wait) {
    return wait && *wait > Milliseconds(0);
}

}  // namespace

RetryDecision decide_retry(const FailedAttempt& attempt) {
    if (!attempt.worth_retrying || attempt.retries_made >= attempt.max_retries) return {};
    if (!attempt.asked) return {.retry = true, .wait = backoff(attempt)};
    if (*attempt.asked > longest_asked_wait) return {};
    return {.retry = true, .wait = std::max(*attempt.asked, Milliseconds(0))};
}

std::optional<Milliseconds> retry_after(const std::vector<Header>& headers, Time now) {
    const auto ms = find_header(headers, "retry-after-ms");
    if (const auto wait = ms ? text::parse_milliseconds(*ms) : std::nullopt; is_some(wait))
        return wait;
    const auto value = find_header(headers, "retry-after");
    const auto wait = value ? text::parse_retry_after(*value, now) : std::nullopt;
    return is_some(wait) ? wait : std::nullopt;
}

}  // namespace handover::http
