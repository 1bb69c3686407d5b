// `auth status` of one account. Pure.
#pragma once

#include "auth/broker.hpp"
#include "auth/refresh_record.hpp"
#include "auth/resolution.hpp"

namespace handover::auth {

struct StatusFacts {
    Time now = {};
    Milliseconds lead = std::chrono::minutes(5);
    std::optional<RefreshRecord> record = {};  // of this credential's refresh token
};

StatusReport report_status(const Target& target,
                           const StoredSource& stored,
                           const Choice& choice,
                           const StatusFacts& facts);

}  // namespace handover::auth
