#include "auth/oauth2/refresh_decision.hpp"

#include <algorithm>

namespace handover::auth::oauth2 {
namespace {

constexpr Milliseconds first_pause = std::chrono::seconds(5);
constexpr Milliseconds longest_pause = std::chrono::minutes(5);

std::optional<Milliseconds> life_of(const RefreshSituation& situation) {
    if (!situation.obtained_at || !situation.expires_at) return std::nullopt;
    if (*situation.expires_at <= *situation.obtained_at)
        return std::nullopt;  // a clock that jumped
    return std::chrono::duration_cast<Milliseconds>(*situation.expires_at - *situation.obtained_at);
}

bool is_paused(const RefreshSituation& situation) {
    return situation.not_before && situation.now < *situation.not_before;
}

RefreshDecision decide_expired(const RefreshSituation& situation) {
    if (!situation.has_refresh_token || situation.refused_for_good)
        return RefreshDecision::login_needed;
    return is_paused(situation) ? RefreshDecision::wait : RefreshDecision::must_refresh;
}

}  // namespace

Milliseconds effective_lead(const RefreshSituation& situation) {
    const auto life = life_of(situation);
    auto lead = std::max(situation.lead, Milliseconds(0));
    if (life) lead = std::min(lead, *life / 2);
    const bool can_be_satisfied = !life || situation.min_validity < *life;
    return can_be_satisfied ? std::max(lead, situation.min_validity) : lead;
}

RefreshDecision decide_refresh(const RefreshSituation& situation) {
    if (!situation.expires_at) return RefreshDecision::use;
    if (situation.now >= *situation.expires_at) return decide_expired(situation);
    const bool due = *situation.expires_at - situation.now <= effective_lead(situation);
    const bool can_refresh =
        situation.has_refresh_token && !situation.refused_for_good && !is_paused(situation);
    return due && can_refresh ? RefreshDecision::refresh : RefreshDecision::use;
}

Milliseconds refresh_pause(int failures_in_a_row, std::optional<Milliseconds> retry_after) {
    if (retry_after) return *retry_after;
    auto pause = first_pause;
    for (int i = 1; i < failures_in_a_row && pause < longest_pause; ++i) pause *= 2;
    return std::min(pause, longest_pause);
}

}  // namespace handover::auth::oauth2
