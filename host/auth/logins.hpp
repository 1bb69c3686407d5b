// What is stored, told and taken away: `auth status`, `explain` and `logout`. Nothing here
// refreshes.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <vector>

#include "auth/renewal.hpp"

namespace handover::auth {

// Thread-safe. `services` and `renewal` outlive it.
class Logins {
public:
    Logins(const Services& services, Renewal& renewal) : services_(services), renewal_(renewal) {}

    Result<bool> has_valid(const Target& target);
    // Removes what is stored, and revokes it if asked to, best effort. False if there was none.
    Result<bool> remove(const Target& target, bool revoke, const Patience& patience);
    // Every account of the target's provider; one row where there is none.
    Result<std::vector<StatusReport>> status(const Target& target);
    std::vector<Candidate> explain(const Target& target);

private:
    Result<std::vector<std::string>> accounts(const Target& target);
    StatusReport status_of(const Target& target);
    void revoke(const Method& method, const Credential& credential, const Patience& patience);

    const Services& services_;
    Renewal& renewal_;
};

}  // namespace handover::auth
