// Credentials that were rotated but could not be stored: used from memory until they can.
#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "auth/refresh.hpp"

namespace handover::auth {

// Thread-safe. `services` outlives it.
class UnsavedLogins {
public:
    explicit UnsavedLogins(const RefreshServices& services) : services_(services) {}

    // `result` has a credential and the generation it may be stored under; `replaced` is what the
    // store still holds.
    void keep(const RefreshWork& work, const Credential& replaced, const RefreshResult& result);
    std::optional<Credential> find(const CredentialId& id);
    // Tries to store it; true if nothing is left unsaved.
    bool save(const CredentialId& id);
    void save_all();

private:
    struct Unsaved {
        Credential credential = {};
        Secret replaces = {};          // the access token that is still in the store
        std::uint64_t generation = 0;  // of the lock when it was sent
        Method method = {};
    };

    bool store(const CredentialId& id, const Unsaved& left, const CredentialLock& lock);

    const RefreshServices& services_;
    std::mutex mutex_;  // guards unsaved_
    std::map<CredentialId, Unsaved> unsaved_;
};

}  // namespace handover::auth
