// The broker's target for a provider that may not be set up any more: its stored credential can
// still be shown and removed.
#pragma once

#include <handover/result.hpp>

#include <optional>
#include <string>
#include <vector>

#include "cli/services.hpp"

namespace handover::cli {

struct StoredTarget {
    auth::Target target = {};
    std::optional<providers::Provider> provider = {};  // absent: the provider cannot be resolved
    std::optional<Error> error = {};                   // and why
};

// `stored` are the ids of all stored credentials. An error if `name` neither resolves nor has a
// stored credential.
Result<StoredTarget> target_or_stored(const std::string& name,
                                      const std::string& account,
                                      const std::vector<auth::CredentialId>& stored,
                                      Services& services);

}  // namespace handover::cli
