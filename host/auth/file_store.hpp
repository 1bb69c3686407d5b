// Credentials as files of one machine: `NAME.json`, and beside it `NAME.lock` (never unlinked;
// holds the generation), `NAME.journal` and `NAME.refresh`. NAME is file_stem(id).
#pragma once

#include <filesystem>
#include <memory>

#include "auth/credential_store.hpp"
#include "auth/private_folder.hpp"

namespace handover::auth {

struct FileStoreOptions {
    std::filesystem::path folder = {};
    StoreFault fault = {};  // for tests
};

std::shared_ptr<CredentialStore> open_file_store(FileStoreOptions options);

}  // namespace handover::auth
