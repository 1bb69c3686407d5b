// What an exchange asks of the limits ledger and what it tells it.
#pragma once

#include <vector>

#include "auth/broker.hpp"
#include "limits/ledgers.hpp"
#include "plugins/plugin.hpp"
#include "run/destination.hpp"
#include "run/error_mapping.hpp"

namespace handover::run {

// The ledger of the credential that serves: PROVIDER@ACCOUNT for a stored one, with "#env" behind
// it for a key of the environment. A block belongs to what the ledger calls a generation: the
// subject of a login, so that it outlives refreshes; the key of the environment; else the stored
// generation.
limits::Use ledger_of(const Destination& destination, const auth::Resolved& resolved);

std::vector<limits::Window> as_windows(const std::vector<plugins::LimitWindow>& told, Time now);

// PROVIDER_QUOTA_EXHAUSTED without a request having been made.
Error still_blocked(const limits::Blocked& blocked, const Origin& origin, Time now);

}  // namespace handover::run
