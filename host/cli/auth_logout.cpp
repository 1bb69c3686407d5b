// `handover auth logout`: local removal whatever the provider answers, revocation where the method
// has an endpoint for it.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/stored_target.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

std::vector<std::string> accounts_to_remove(const LogoutOptions& options,
                                            const auth::Target& target,
                                            const std::vector<auth::CredentialId>& stored) {
    if (!options.all) return {target.account};
    std::vector<std::string> accounts;
    for (const auto& id : stored) {
        if (id.provider == options.provider) accounts.push_back(id.account);
    }
    return accounts;
}

Failure not_logged_in(const LogoutOptions& options, const std::string& account) {
    return fail(
        {.code = Errc::auth_not_logged_in,
         .message = fmt::format("{} (account {}) is not logged in", options.provider, account),
         .reason = "no credential of that account is stored",
         .fix = "`handover auth status` shows what is stored"});
}

}  // namespace

Result<int> auth_logout(const LogoutOptions& options, Services& services, const Streams& streams) {
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    const auto stored = (*broker)->list();
    if (!stored) return stored.failure();
    const auto found = target_or_stored(options.provider, options.account, *stored, services);
    if (!found) return found.failure();
    if (found->error && !options.no_revoke) {
        streams.say(
            "warning: the provider is not set up any more, so its tokens cannot be revoked: " +
            text::printable(found->error->message));
    }
    const auto accounts = accounts_to_remove(options, found->target, *stored);
    if (accounts.empty()) return not_logged_in(options, "any");
    for (const auto& account : accounts) {
        auto target = found->target;
        target.account = account;
        const auto removed = (*broker)->logout(target, !options.no_revoke, services.patience());
        if (!removed) return removed.failure();
        if (!*removed) return not_logged_in(options, account);
        streams.say(fmt::format("Logged out of {} (account {}).", options.provider, account));
    }
    return 0;
}

}  // namespace handover::cli
