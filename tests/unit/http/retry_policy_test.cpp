#include "http/retry_policy.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using handover::Milliseconds;
using handover::Time;
using handover::http::decide_retry;
using handover::http::FailedAttempt;
using handover::http::retry_after;
using handover::http::RetryDecision;

TEST_CASE("whether and when") {
    struct Case {
        const char* name;
        FailedAttempt attempt;
        RetryDecision decision;
    };
    const Case cases[] = {
        {"first", {.worth_retrying = true}, {true, 500ms}},
        {"second", {.retries_made = 1, .worth_retrying = true}, {true, 1000ms}},
        {"last allowed", {.retries_made = 2, .worth_retrying = true}, {true, 2000ms}},
        {"one too many", {.retries_made = 3, .worth_retrying = true}, {}},
        {"no retries at all", {.max_retries = 0, .worth_retrying = true}, {}},
        {"not worth it", {.worth_retrying = false}, {}},
        {"not worth it, whatever is asked", {.worth_retrying = false, .asked = 1s}, {}},
        {"fifth doubling",
         {.retries_made = 4, .max_retries = 99, .worth_retrying = true},
         {true, 8000ms}},
        {"capped", {.retries_made = 5, .max_retries = 99, .worth_retrying = true}, {true, 8000ms}},
        {"capped for good",
         {.retries_made = 90, .max_retries = 99, .worth_retrying = true},
         {true, 8000ms}},
        {"half the jitter", {.worth_retrying = true, .random = 0.5}, {true, 438ms}},
        {"asked", {.worth_retrying = true, .asked = 7s, .random = 0.9}, {true, 7s}},
        {"asked, at the bound", {.worth_retrying = true, .asked = 60s}, {true, 60s}},
        {"asked, beyond the bound", {.worth_retrying = true, .asked = 60001ms}, {}},
        {"asked in the past", {.worth_retrying = true, .asked = -5s}, {true, 0ms}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto decision = decide_retry(c.attempt);
            CHECK(decision.retry == c.decision.retry);
            CHECK(decision.wait.count() == c.decision.wait.count());
        }
    }
}

TEST_CASE("what the server asks for") {
    const Time now(784111777s);  // Sun, 06 Nov 1994 08:49:37 GMT, RFC 9110's own example
    struct Case {
        const char* name;
        std::vector<handover::http::Header> headers;
        std::optional<Milliseconds> wait;
    };
    const Case cases[] = {
        {"none", {}, {}},
        {"seconds", {{"Retry-After", "120"}}, 120s},
        {"a fraction", {{"retry-after", "0.25"}}, 250ms},
        {"milliseconds first", {{"Retry-After", "120"}, {"Retry-After-Ms", "1500"}}, 1500ms},
        {"no milliseconds", {{"Retry-After", "2"}, {"retry-after-ms", "0"}}, 2s},
        {"bad milliseconds", {{"Retry-After", "2"}, {"retry-after-ms", "soon"}}, 2s},
        {"zero", {{"Retry-After", "0"}}, {}},
        {"negative", {{"Retry-After", "-1"}}, {}},
        {"not a number", {{"Retry-After", "nan"}}, {}},
        {"infinity", {{"Retry-After", "inf"}}, {}},
        {"trailing", {{"Retry-After", "1s"}}, {}},
        {"a date", {{"Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT"}}, 60s},
        {"a date now", {{"Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"}}, {}},
        {"a date past", {{"Retry-After", "Sun, 06 Nov 1994 08:49:36 GMT"}}, {}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(retry_after(c.headers, now) == c.wait);
        }
    }
}
