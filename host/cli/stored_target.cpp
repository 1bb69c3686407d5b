#include "cli/stored_target.hpp"

#include <algorithm>

namespace handover::cli {

Result<StoredTarget> target_or_stored(const std::string& name,
                                      const std::string& account,
                                      const std::vector<auth::CredentialId>& stored,
                                      Services& services) {
    auto provider = services.provider(name);
    if (provider) {
        auto target = provider->target(account);
        return StoredTarget{
            .target = std::move(target), .provider = std::move(*provider), .error = {}};
    }
    const bool has_credential =
        std::any_of(stored.begin(), stored.end(), [&](const auth::CredentialId& id) {
            return id.provider == name;
        });
    if (!has_credential) return provider.failure();
    return StoredTarget{
        .target = {.provider = name, .account = account.empty() ? "default" : account},
        .provider = {},
        .error = provider.error()};
}

}  // namespace handover::cli
