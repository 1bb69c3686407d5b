// What must hold before a user is sent to a browser, so that nothing local fails after they have
// signed in.
#pragma once

#include <handover/result.hpp>

#include "auth/login/login.hpp"

namespace handover::auth::login {

enum class TrustRoots { system, configured };  // configured: [http] ca_file is set

// No earlier than anything a server could have issued. AUTH_ID_TOKEN_INVALID.
Result<void> check_clock(Time now);

// There are trust roots for https. CONFIG_INVALID.
Result<void> check_trust_roots(TrustRoots roots, const Environment& environment);

// The store is writable and its lock works, the clock is not absurd, and where the issuer is https
// there are trust roots.
Result<void> check_before_login(const Login& login);

}  // namespace handover::auth::login
