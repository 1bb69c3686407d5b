// Credential files and what lies beside them, looked at without the store, which would mend what it
// finds.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "auth/broker.hpp"
#include "auth/credential.hpp"
#include "auth/refresh_record.hpp"
#include "auth/status.hpp"
#include "doctor/finding.hpp"

namespace handover::doctor {

struct CredentialFacts {
    std::string name = {};                      // of the file
    std::optional<auth::CredentialId> id = {};  // nothing: no name that this program gives
    std::optional<auth::Credential> credential = {};
    std::optional<Error> trouble = {};               // why it cannot be used
    bool journal = false;                            // a refresh was begun and not ended
    std::optional<auth::RefreshRecord> record = {};  // of this very refresh token
};

struct CredentialsFacts {
    std::vector<CredentialFacts> files = {};  // by name
    std::vector<std::string> set_aside = {};  // *.corrupt-*
    std::vector<std::string> left_over = {};  // journals and sidecars of no credential
    int error_number = 0;                     // the folder cannot be read; 0 where there is none
};

CredentialsFacts measure_credentials(const std::filesystem::path& folder);

// What a credential is for: the effective target, or why there is none.
struct Purpose {
    std::optional<auth::Target> target = {};
    std::string trouble = {};
};

// The credential, and its journal and sidecar where these are worth a word.
Findings judge_credential(const CredentialFacts& facts,
                          const Purpose& purpose,
                          const auth::StatusFacts& now);

Findings judge_folder(const CredentialsFacts& facts, const std::filesystem::path& folder);

}  // namespace handover::doctor
