// Is a stored token used as it is, refreshed first, or is a login needed? A pure function of times
// and what is known; the shell around it is the refresh transaction.
#pragma once

#include <chrono>
#include <optional>

#include "text/time.hpp"

namespace handover::auth::oauth2 {

struct RefreshSituation {
    Time now = {};
    std::optional<Time> obtained_at = {};
    std::optional<Time> expires_at = {};  // absent: the token does not expire by itself
    bool has_refresh_token = false;
    Milliseconds lead = std::chrono::minutes(5);  // the method's own, else the configured one
    Milliseconds min_validity = {};               // what a caller asks for on top; 0: nothing
    bool refused_for_good = false;                // login_needed stands in the credential
    std::optional<Time> not_before = {};          // a failed refresh asked for a pause until then
};

enum class RefreshDecision {
    use,           // nothing to do
    refresh,       // due: refresh, then use; should that fail, the current token still works
    must_refresh,  // expired: nothing can be used until a refresh succeeds
    wait,          // expired, and the pause after a failed refresh is not over
    login_needed,  // expired, and no refresh can help
};

// The token is due from `lead` before its expiry, but never before half of its life is over.
RefreshDecision decide_refresh(const RefreshSituation& situation);

// How long before the expiry a token is due: the lead, at most half of its life. A longer
// `min_validity` counts where a new token could satisfy it at all.
Milliseconds effective_lead(const RefreshSituation& situation);

// Pauses after failed refreshes in a row: Retry-After where the authority gave one, else 5 s
// doubling to 5 min.
Milliseconds refresh_pause(int failures_in_a_row, std::optional<Milliseconds> retry_after);

}  // namespace handover::auth::oauth2
