// A credential: what a login yields, for one provider and account. Its file format is contract; see
// credential_file.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "secret/secret.hpp"
#include "text/time.hpp"

namespace handover::auth {

// Which credential: one file, one lock.
struct CredentialId {
    std::string provider = {};
    std::string account = "default";

    // NOLINTNEXTLINE(modernize-use-nullptr): there is no 0
    auto operator<=>(const CredentialId&) const = default;
};

// A refresh was refused for good; kept so that it is not tried in a loop.
struct LoginNeeded {
    std::string code = {};  // the authority's error code, e.g. invalid_grant
    Time at = {};

    bool operator==(const LoginNeeded&) const = default;
};

struct Credential {
    CredentialId id = {};
    std::string method = {};  // auth method id

    // oauth2: the tokens; api_key: the key alone
    Secret access_token = {};
    Secret refresh_token = {};  // optional
    Secret id_token = {};       // optional
    Secret api_key = {};
    std::string token_type = {};
    std::vector<std::string> scopes = {};
    std::optional<Time> expires_at = {};   // absent: never by itself
    std::optional<Time> obtained_at = {};  // absent in older files

    // What it was issued for; it goes nowhere else. Empty in older files: taken from the method at
    // the next write.
    std::string issuer = {};
    std::string client_id = {};
    std::string token_endpoint = {};
    std::vector<std::string> origins = {};

    std::uint64_t generation = 0;  // only rises, survives logout and import
    std::optional<LoginNeeded> login_needed = {};

    std::string unknown_members =
        {};  // a JSON object of members we do not know, kept when the file is rewritten
};

}  // namespace handover::auth
