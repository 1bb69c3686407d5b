// A stored login in use: whether it is due, how it gets a successor, and what serves while it has
// none.
#pragma once

#include <handover/result.hpp>

#include <functional>
#include <memory>
#include <optional>

#include "auth/broker.hpp"
#include "auth/oauth2/refresh_decision.hpp"
#include "auth/refresh.hpp"
#include "auth/refresh_flights.hpp"
#include "auth/resolution.hpp"

namespace handover::auth {

ResolvedPtr make_resolved(const Method& method, Credential credential, Source source);
CredentialId id_of(const Target& target);
// AUTH_SESSION_EXPIRED.
Error session_expired(const CredentialId& id, std::string reason);

// Thread-safe. `services` outlives it.
class Renewal {
public:
    explicit Renewal(const Services& services);
    Renewal(const Renewal&) = delete;
    Renewal& operator=(const Renewal&) = delete;
    // A refresh that was sent is finished and stored before the process ends.
    ~Renewal();

    // What is stored; a credential that could not be stored is served from memory.
    StoredSource load(const CredentialId& id);
    // The store holds what this process has.
    bool saved(const CredentialId& id);

    // The sidecar, if it speaks of this credential.
    std::optional<RefreshRecord> record_of(const Credential& credential);
    [[nodiscard]] Milliseconds lead_of(const Method& method) const;
    oauth2::RefreshSituation situation_of(const Resolved& current, Milliseconds min_validity);

    // The successor of `current`; `current` itself where there is none and it still works.
    Result<ResolvedPtr> refresh(const Target& target,
                                const ResolvedPtr& current,
                                RefreshReason reason,
                                const Patience& patience);
    // The same for a login that is due and still works: nobody waits for long.
    Result<ResolvedPtr> refresh_if_quick(const Target& target,
                                         const ResolvedPtr& current,
                                         const Patience& patience,
                                         Milliseconds min_validity);
    // Nobody waits at all. `landed` has the successor or why there is none, on another thread.
    void start(const Target& target,
               const ResolvedPtr& current,
               std::function<void(const Result<ResolvedPtr>&)> landed);

    // Ends when every refresh that was sent has its answer.
    void finish();

private:
    Result<ResolvedPtr> outcome(const ResolvedPtr& current,
                                RefreshReason reason,
                                const RefreshResult& result);
    [[nodiscard]] Milliseconds under_way_for(const Credential& credential);
    [[nodiscard]] bool expired(const Credential& credential) const;

    const Services& services_;
    Refresher refresher_;
    std::unique_ptr<RefreshFlights> flights_;
};

// Until when the answer stays "use it".
Time use_before(const oauth2::RefreshSituation& situation);

}  // namespace handover::auth
