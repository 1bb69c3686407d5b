#include "auth/logins.hpp"

#include <fmt/format.h>

#include <utility>

#include "auth/authority.hpp"
#include "auth/credential_changes.hpp"
#include "auth/lease.hpp"
#include "auth/resolution.hpp"
#include "auth/status.hpp"
#include "log/log.hpp"

namespace handover::auth {

Result<bool> Logins::has_valid(const Target& target) {
    const auto stored = renewal_.load(id_of(target));
    if (stored.trouble) return fail(*stored.trouble);
    if (!stored.credential) return false;
    const auto choice = choose(target, stored, {}, false);
    if (choice.source.kind != SourceKind::stored) return false;
    const auto& credential = *stored.credential;
    return !credential.login_needed &&
           (!credential.expires_at || services_.clock() < *credential.expires_at);
}

Result<bool> Logins::remove(const Target& target, bool revoke_too, const Patience& patience) {
    auto gone = remove_login(*services_.store, id_of(target), patience);
    if (!gone) return std::move(gone).failure();
    if (!revoke_too || !gone->credential) return gone->removed;
    for (const auto& method : target.methods) {
        if (method.id == gone->credential->method && method.kind == Kind::oauth2)
            revoke(method, *gone->credential, patience);
    }
    return gone->removed;
}

void Logins::revoke(const Method& method, const Credential& credential, const Patience& patience) {
    const auto revoked = revoke_tokens(
        method,
        credential,
        {.send = services_.send, .clock = services_.clock, .cache_dir = services_.cache_dir},
        patience.stop);
    if (revoked) return;
    log::warning("auth",
                 fmt::format("the tokens of {} were removed here, but not revoked: {}",
                             credential.id.provider,
                             revoked.error().reason));
}

Result<std::vector<StatusReport>> Logins::status(const Target& target) {
    auto names = accounts(target);
    if (!names) return std::move(names).failure();
    if (names->empty()) names->push_back(target.account);
    std::vector<StatusReport> reports;
    for (auto& account : *names) {
        auto of_account = target;
        of_account.account = std::move(account);
        reports.push_back(status_of(of_account));
    }
    return reports;
}

std::vector<Candidate> Logins::explain(const Target& target) {
    return choose(target,
                  renewal_.load(id_of(target)),
                  services_.environment,
                  static_cast<bool>(services_.ask_key))
        .candidates;
}

Result<std::vector<std::string>> Logins::accounts(const Target& target) {
    auto ids = services_.store->list();
    if (!ids) return std::move(ids).failure();
    std::vector<std::string> names;
    for (auto& id : *ids) {
        if (id.provider == target.provider) names.push_back(std::move(id.account));
    }
    return names;
}

StatusReport Logins::status_of(const Target& target) {
    const auto stored = renewal_.load(id_of(target));
    const auto choice = choose(target, stored, services_.environment, false);
    StatusFacts facts = {.now = services_.clock()};
    if (choice.winner != nullptr) facts.lead = renewal_.lead_of(*choice.winner);
    if (stored.credential) facts.record = renewal_.record_of(*stored.credential);
    auto report = report_status(target, stored, choice, facts);
    if (stored.trouble && report.note.empty())
        report.note = stored.trouble->message + ": " + stored.trouble->reason;
    if (report.billing == Billing::subscription && !report.subject.empty() && services_.leases) {
        report.lease_holder_pid = services_.leases->holder(report.subject);
    }
    return report;
}

}  // namespace handover::auth
