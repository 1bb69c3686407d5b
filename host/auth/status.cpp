#include "auth/status.hpp"

#include <algorithm>
#include <array>

#include "auth/binding.hpp"
#include "auth/claims.hpp"
#include "auth/oauth2/refresh_decision.hpp"

namespace handover::auth {
namespace {

struct StatusName {
    std::string_view text;
    std::string_view json;
};
constexpr std::array<StatusName, 7> status_names = {{
    {"authenticated", "authenticated"},
    {"expiring", "expiring"},
    {"expired", "expired"},
    {"login needed", "login_needed"},
    {"configured", "configured"},
    {"not configured", "not_configured"},
    {"not authenticated", "not_authenticated"},
}};

// login_needed (marked, or expired without a refresh token) > expired > expiring > authenticated
Status status_of(const Credential& credential, const StatusFacts& facts) {
    if (credential.login_needed) return Status::login_needed;
    if (!credential.expires_at) return Status::authenticated;
    if (facts.now >= *credential.expires_at) {
        return credential.refresh_token.empty() ? Status::login_needed : Status::expired;
    }
    const auto lead =
        oauth2::effective_lead({.now = facts.now,
                                .obtained_at = credential.obtained_at,
                                .expires_at = credential.expires_at,
                                .has_refresh_token = !credential.refresh_token.empty(),
                                .lead = facts.lead});
    return *credential.expires_at - facts.now <= lead ? Status::expiring : Status::authenticated;
}

void describe_login(StatusReport& report,
                    const Method& method,
                    const Credential& credential,
                    const StatusFacts& facts) {
    report.status = status_of(credential, facts);
    report.expires_at = credential.expires_at;
    report.refreshable = !credential.refresh_token.empty() && !credential.login_needed;
    report.login_needed = credential.login_needed;
    const auto known = claims_of(method, credential);
    report.claims = known.named;
    report.subject = known.subject;
    if (!facts.record) return;
    report.note = "the last refresh failed: " + facts.record->message;
    if (facts.record->fate != RefreshFate::terminal || report.login_needed) return;
    report.login_needed = LoginNeeded{.code = facts.record->code, .at = facts.record->at};
    report.status = Status::login_needed;
    report.refreshable = false;
}

const Method* method_named(const Target& target, const std::string& id) {
    const auto found = std::find_if(target.methods.begin(),
                                    target.methods.end(),
                                    [&](const Method& method) { return method.id == id; });
    return found == target.methods.end() ? nullptr : &*found;
}

// There is no winner: what is stored and may not be used, or what is missing.
void describe_absence(StatusReport& report,
                      const Target& target,
                      const StoredSource& stored,
                      const Choice& choice) {
    if (choice.error) report.note = choice.error->reason;
    const auto* method =
        stored.credential ? method_named(target, stored.credential->method) : nullptr;
    if (method != nullptr) {
        report.method = method->id;
        report.billing = method->billing;
        report.source = {.kind = SourceKind::stored};
        report.expires_at = stored.credential->expires_at;
        report.status = Status::login_needed;
        return;
    }
    const auto wanted = target.auth_method       ? method_named(target, *target.auth_method)
                        : target.methods.empty() ? nullptr
                                                 : &target.methods.front();
    if (wanted == nullptr) return;
    report.method = wanted->id;
    report.billing = wanted->billing;
    report.status =
        wanted->kind == Kind::oauth2 ? Status::not_authenticated : Status::not_configured;
}

}  // namespace

std::string_view status_text(Status status) {
    return status_names.at(static_cast<std::size_t>(status)).text;
}
std::string_view status_json(Status status) {
    return status_names.at(static_cast<std::size_t>(status)).json;
}

bool StatusReport::usable() const {
    switch (status) {
        case Status::authenticated:
        case Status::expiring:
        case Status::configured:
            return true;
        case Status::expired:
            return refreshable;
        case Status::login_needed:
        case Status::not_configured:
        case Status::not_authenticated:
            return false;
    }
    return false;
}

StatusReport report_status(const Target& target,
                           const StoredSource& stored,
                           const Choice& choice,
                           const StatusFacts& facts) {
    StatusReport report = {.provider = target.provider, .account = target.account};
    if (choice.winner == nullptr) {
        describe_absence(report, target, stored, choice);
        return report;
    }
    const auto& method = *choice.winner;
    report.method = method.id;
    report.billing = method.billing;
    report.source = choice.source;
    report.status = Status::configured;
    if (choice.source.kind == SourceKind::stored && method.kind == Kind::oauth2) {
        describe_login(report, method, *stored.credential, facts);
    }
    return report;
}

}  // namespace handover::auth
