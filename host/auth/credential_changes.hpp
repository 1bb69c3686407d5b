// What changes a stored credential other than a refresh: a login, a logout, and the check before a
// login that both will work.
#pragma once

#include <handover/result.hpp>

#include "auth/broker.hpp"
#include "auth/credential_store.hpp"

namespace handover::auth {

// Under the lock: raises the generation, stores, clears journal and sidecar.
Result<void> store_login(CredentialStore& store,
                         const Target& target,
                         const Method& method,
                         Credential credential);

// The lock can be had, and a credential could be stored now.
Result<void> preflight(CredentialStore& store, const CredentialId& id);

// What a logout took away; nothing if there was nothing.
struct LoggedOut {
    bool removed = false;
    std::optional<Credential> credential = {};  // to be revoked
};
// Waits a moment for the lock, then goes on without it: whoever holds it sees the generation risen
// and discards what it gets.
Result<LoggedOut> remove_login(CredentialStore& store,
                               const CredentialId& id,
                               const Patience& patience);

}  // namespace handover::auth
