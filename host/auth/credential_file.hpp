// The credential file's format and name. Pure: bytes in, values out; file_store.hpp does the I/O.
#pragma once

#include <handover/result.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "auth/credential.hpp"

namespace handover::auth {

// Longer files are no credentials.
inline constexpr std::size_t longest_credential_file = 1U << 20U;

// The JSON of a credential file, version 1. Optional members may be absent or null; members we do
// not know are kept in `unknown_members`. STORE_CORRUPT says what is wrong and where, and quotes no
// value.
Result<Credential> parse_credential(std::string_view json);

// What parse_credential reads back, members in the order the contract shows, unknown ones after
// them.
std::string print_credential(const Credential& credential);

// "PROVIDER@ACCOUNT": characters outside [A-Za-z0-9._-] percent-encoded, so that neither part can
// hold a '/' or a second '@'.
std::string file_stem(const CredentialId& id);

// The id behind "PROVIDER@ACCOUNT.json"; nothing for a name that file_stem would not make.
std::optional<CredentialId> id_of_file_name(std::string_view name);

}  // namespace handover::auth
