// One spending of a refresh token: steps 3 to 6 of the refresh in docs/auth.md, from the
// reservation to the cleared journal.
#pragma once

#include "auth/refresh.hpp"

namespace handover::auth {

// The lock is held all the while, and `current` is what the store holds. Not to be stopped.
RefreshResult spend_token(const RefreshServices& services,
                          const RefreshWork& work,
                          const CredentialLock& lock,
                          const Credential& current);

}  // namespace handover::auth
