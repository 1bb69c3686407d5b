// `config show` and `config check` as functions of values.
#pragma once

#include <string>
#include <vector>

#include "config/paths.hpp"
#include "providers/provider.hpp"

namespace handover::providers {

// The config in force, as TOML: every value with where it came from in a trailing comment
// (config.toml:12:3, preset groq, plugin codex, environment NAME, default). Providers: the
// configured ones and the default one. Values that look like credentials are hidden; a provider
// that does not resolve is shown as a comment that says why.
std::string show(const Sources& sources, const config::GetEnvironment& environment);

// Everything that is wrong with the configured providers and the default one; empty: nothing.
std::vector<Error> check(const Sources& sources, const config::GetEnvironment& environment);

}  // namespace handover::providers
