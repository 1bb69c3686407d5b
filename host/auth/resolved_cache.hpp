// The hot path of `resolve`: what was resolved a moment ago, found without a lock and without I/O.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "auth/broker.hpp"
#include "auth/credential_store.hpp"

namespace handover::auth {

// Immutable but for the time of the next look at the store.
struct CachedResolution {
    Target target = {};
    ResolvedPtr resolved = {};
    Time use_before = Time::max();  // from here on it is due, expired or worth another try
    Stamp stamp = {};               // of the stored credential when it was read
    mutable std::atomic<std::int64_t> next_look_ns = 0;  // coarse monotonic clock
};
using CachedPtr = std::shared_ptr<const CachedResolution>;

class ResolvedCache {
public:
    // Nothing if none is there.
    [[nodiscard]] CachedPtr find(const Target& target) const;
    void put(std::shared_ptr<CachedResolution> entry);
    void forget(const CredentialId& id);

    // True for one caller a second: that one looks whether the store has changed.
    static bool claim_look(const CachedResolution& entry);

private:
    using Table = std::vector<CachedPtr>;
    void replace(const CredentialId& id, CachedPtr entry);

    std::mutex writing_;  // one writer at a time; readers take none
    std::atomic<std::shared_ptr<const Table>> table_ = std::make_shared<const Table>();
};

}  // namespace handover::auth
