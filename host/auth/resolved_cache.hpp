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

using TargetPtr = std::shared_ptr<const Target>;

// Immutable but for the time of the next look at the store.
struct CachedResolution {
    TargetPtr target = {};
    ResolvedPtr resolved = {};
    Time use_before = Time::max();  // from here on it is due, expired or worth another try
    Stamp stamp = {};               // of the stored credential when it was read
    mutable std::atomic<std::int64_t> next_look_ns = 0;  // coarse monotonic clock
};
using CachedPtr = std::shared_ptr<const CachedResolution>;

class ResolvedCache {
public:
    ResolvedCache();

    // Nothing if none is there. A target that was kept is found by its address.
    [[nodiscard]] CachedPtr find(const Target& target) const;
    void put(const Target& target, std::shared_ptr<CachedResolution> entry);
    void forget(const CredentialId& id);

    // The target as it is from now on known by its address.
    TargetPtr keep(Target target);
    [[nodiscard]] TargetPtr kept(const Target& target) const;

    // True for one caller a second: that one looks whether the store has changed.
    static bool claim_look(const CachedResolution& entry);

private:
    using Table = std::vector<CachedPtr>;
    [[nodiscard]] std::shared_ptr<const Table> table() const;
    void replace(const CredentialId& id, CachedPtr entry);

    // Readers compare this with what they saw last, and take the lock only if it has changed. No
    // two tables of a process have the same version.
    std::atomic<std::uint64_t> version_;
    mutable std::mutex mutex_;  // guards what follows
    std::shared_ptr<const Table> table_ = std::make_shared<const Table>();
    std::vector<TargetPtr> kept_;
};

}  // namespace handover::auth
