// Which provider is meant when none was named.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <vector>

#include "cli/services.hpp"

namespace handover::cli {

// Providers whose credential is usable now, from the store and the environment only; in the order
// of known names. A provider that needs no credential counts only where the config names it:
// everyone "has" a local server that is perhaps not running.
Result<std::vector<std::string>> usable_providers(Services& services);

// `named` (-p or the argument), HANDOVER_PROVIDER, `default_provider`, else the only usable one.
// Otherwise AUTH_NO_CREDENTIAL with the ways on where none is usable, USAGE naming the choices
// where several are.
Result<std::string> choose_provider(const std::string& named, Services& services);

// The same without looking for usable ones: empty if nothing names a provider.
Result<std::string> named_provider(const std::string& named, Services& services);

// What to do where no provider is usable yet: the words of the error and of bare `handover`.
Error nothing_set_up(Services& services);

}  // namespace handover::cli
