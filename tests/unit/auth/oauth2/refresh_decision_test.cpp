#include "auth/oauth2/refresh_decision.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace handover::auth::oauth2;
using namespace std::chrono_literals;

namespace {

const Time obtained = Time(1'800'000'000s);

// A token of one hour with a refresh token, seen `at` after it was obtained.
RefreshSituation seen(Milliseconds at, Milliseconds life = 1h) {
    return {.now = obtained + at,
            .obtained_at = obtained,
            .expires_at = obtained + life,
            .has_refresh_token = true,
            .lead = 5min,
            .min_validity = 0ms,
            .refused_for_good = false,
            .not_before = {}};
}

}  // namespace

TEST_CASE("refresh decision: on and beside the boundaries") {
    CHECK(decide_refresh(seen(55min - 1ms)) == RefreshDecision::use);
    CHECK(decide_refresh(seen(55min)) == RefreshDecision::refresh);
    CHECK(decide_refresh(seen(55min + 1ms)) == RefreshDecision::refresh);
    CHECK(decide_refresh(seen(60min - 1ms)) == RefreshDecision::refresh);
    CHECK(decide_refresh(seen(60min)) == RefreshDecision::must_refresh);
    CHECK(decide_refresh(seen(60min + 1ms)) == RefreshDecision::must_refresh);
}

TEST_CASE("refresh decision: the lead is at most half of the token's life") {
    CHECK(decide_refresh(seen(30s - 1ms, 60s)) == RefreshDecision::use);
    CHECK(decide_refresh(seen(30s, 60s)) == RefreshDecision::refresh);
    CHECK(decide_refresh(seen(300s - 1ms, 600s)) == RefreshDecision::use);
    CHECK(decide_refresh(seen(300s, 600s)) == RefreshDecision::refresh);
    auto unknown = seen(55min);
    unknown.obtained_at.reset();
    CHECK(decide_refresh(unknown) == RefreshDecision::refresh);
    auto jumped = seen(55min);
    jumped.obtained_at = obtained + 2h;
    CHECK(effective_lead(jumped) == 5min);
}

TEST_CASE("refresh decision: without a refresh token, refused for good, paused") {
    auto without = seen(59min);
    without.has_refresh_token = false;
    CHECK(decide_refresh(without) == RefreshDecision::use);
    without.now = obtained + 60min;
    CHECK(decide_refresh(without) == RefreshDecision::login_needed);

    auto refused = seen(59min);
    refused.refused_for_good = true;
    CHECK(decide_refresh(refused) == RefreshDecision::use);
    refused.now = obtained + 60min;
    CHECK(decide_refresh(refused) == RefreshDecision::login_needed);

    auto paused = seen(56min);
    paused.not_before = obtained + 58min;
    CHECK(decide_refresh(paused) == RefreshDecision::use);
    paused.now = obtained + 58min - 1ms;
    CHECK(decide_refresh(paused) == RefreshDecision::use);
    paused.now = obtained + 58min;
    CHECK(decide_refresh(paused) == RefreshDecision::refresh);
    paused.not_before = obtained + 61min;
    paused.now = obtained + 60min;
    CHECK(decide_refresh(paused) == RefreshDecision::wait);
    paused.now = obtained + 61min;
    CHECK(decide_refresh(paused) == RefreshDecision::must_refresh);

    auto forever = seen(0ms);
    forever.expires_at.reset();
    CHECK(decide_refresh(forever) == RefreshDecision::use);
}

TEST_CASE("refresh decision: a minimum validity counts where a new token can give it") {
    auto asks = seen(30min);
    asks.min_validity = 30min;
    CHECK(decide_refresh(asks) == RefreshDecision::refresh);
    asks.now = obtained + 30min - 1ms;
    CHECK(decide_refresh(asks) == RefreshDecision::use);
    asks.min_validity = 2h;
    CHECK(decide_refresh(asks) == RefreshDecision::use);
    asks.min_validity = 1min;
    CHECK(effective_lead(asks) == 5min);
}

TEST_CASE("refresh pauses") {
    CHECK(refresh_pause(1, {}) == 5s);
    CHECK(refresh_pause(2, {}) == 10s);
    CHECK(refresh_pause(6, {}) == 160s);
    CHECK(refresh_pause(7, {}) == 5min);
    CHECK(refresh_pause(1'000'000, {}) == 5min);
    CHECK(refresh_pause(0, {}) == 5s);
    CHECK(refresh_pause(3, 42s) == 42s);
}
