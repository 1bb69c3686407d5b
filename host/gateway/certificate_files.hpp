// The files that [serve] tls_certificate and tls_key name.
#pragma once

#include <handover/result.hpp>

#include <ctime>
#include <memory>
#include <string>

#include "tls/identity.hpp"

namespace handover::gateway {

// CONFIG_INVALID where they are missing, cannot be read or do not belong together, and where others
// can read the key.
Result<std::shared_ptr<const tls::Identity>> read_identity(const std::string& certificate_file,
                                                           const std::string& key_file,
                                                           std::time_t now);

}  // namespace handover::gateway
