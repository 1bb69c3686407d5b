#include "auth/broker.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <utility>

#include "auth/authority.hpp"
#include "auth/claims.hpp"
#include "auth/credential_changes.hpp"
#include "auth/credential_file.hpp"
#include "auth/lease.hpp"
#include "auth/oauth2/refresh_decision.hpp"
#include "auth/refresh_child.hpp"
#include "auth/refresh_flights.hpp"
#include "auth/resolution.hpp"
#include "auth/resolved_cache.hpp"
#include "auth/status.hpp"
#include "log/log.hpp"

namespace handover::auth {
namespace {

// While the current token works, nobody waits longer than this for its successor.
constexpr auto longest_optional_wait = std::chrono::seconds(15);

CredentialId id_of(const Target& target) {
    return {.provider = target.provider, .account = target.account};
}

Error session_expired(const CredentialId& id, std::string reason) {
    return {.code = Errc::auth_session_expired,
            .message = "the login of " + id.provider + " has ended",
            .reason = std::move(reason),
            .fix = login_command(id)};
}

ResolvedPtr make_resolved(const Method& method, Credential credential, Source source) {
    auto known = claims_of(method, credential);
    return std::make_shared<const Resolved>(Resolved{.method = method,
                                                     .credential = std::move(credential),
                                                     .source = std::move(source),
                                                     .claims = std::move(known.named),
                                                     .subject = std::move(known.subject)});
}

}  // namespace

class Broker::Impl {
public:
    explicit Impl(Services given)
        : services_(std::move(given)),
          refresher_({.store = services_.store,
                      .send = services_.send,
                      .clock = services_.clock,
                      .cache_dir = services_.cache_dir}),
          flights_(std::make_unique<RefreshFlights>(refresher_)) {
        if (services_.refresh_child) refresher_.set_spend(spend_in_child(*services_.refresh_child));
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    // A refresh that was sent is finished and stored before the process ends.
    ~Impl() {
        flights_.reset();
        refresher_.save_all();
    }

    Result<ResolvedPtr> resolve(const Target& target,
                                const Patience& patience,
                                Milliseconds min_validity) {
        if (const auto cached = cache_.find(target)) {
            const auto now = services_.clock();
            if (now + min_validity < cached->use_before) {
                if (!ResolvedCache::claim_look(*cached) || unchanged(*cached))
                    return cached->resolved;
                cache_.forget(id_of(target));
            }
        }
        return resolve_anew(target, patience, min_validity);
    }

    Result<ResolvedPtr> recover(const Target& target,
                                const Resolved& rejected,
                                const Patience& patience) {
        cache_.forget(id_of(target));
        const auto stored = load(target);
        const auto choice = choose(target, stored, services_.environment, false);
        if (choice.winner == nullptr) return fail(*choice.error);
        if (choice.winner->kind != Kind::oauth2 || choice.source.kind != SourceKind::stored) {
            return fail({.code = Errc::provider_rejected,
                         .message = target.provider + " refused the credential from " +
                                    rejected.source.text(),
                         .reason = "a key cannot be refreshed",
                         .fix = "check the key"});
        }
        const auto newest = make_resolved(*choice.winner, *stored.credential, choice.source);
        if (newest->subject != rejected.subject) {
            return fail(session_expired(
                id_of(target), "another account is logged in now; start the request again"));
        }
        if (!(newest->credential.access_token == rejected.credential.access_token))
            return remember(target, newest);
        return refresh_stored(target, newest, RefreshReason::rejected, patience);
    }

    Result<ResolvedPtr> refresh(const Target& target, const Patience& patience) {
        const auto stored = load(target);
        if (stored.trouble) return fail(*stored.trouble);
        const auto choice = choose(target, stored, services_.environment, false);
        if (choice.winner == nullptr) return fail(*choice.error);
        if (choice.winner->kind != Kind::oauth2 || choice.source.kind != SourceKind::stored ||
            stored.credential->refresh_token.empty()) {
            return fail(session_expired(id_of(target), "there is no refresh token"));
        }
        const auto current = make_resolved(*choice.winner, *stored.credential, choice.source);
        return refresh_stored(target, current, RefreshReason::asked, patience);
    }

    Result<void> store_login(const Target& target, const Method& method, Credential credential) {
        const auto id = credential.id;
        auto stored = auth::store_login(*services_.store, target, method, std::move(credential));
        cache_.forget(id);
        return stored;
    }

    Result<void> preflight(const CredentialId& id) { return auth::preflight(*services_.store, id); }

    Result<bool> has_valid_login(const Target& target) {
        const auto stored = load(target);
        if (stored.trouble) return fail(*stored.trouble);
        if (!stored.credential) return false;
        const auto choice = choose(target, stored, {}, false);
        if (choice.source.kind != SourceKind::stored) return false;
        const auto& credential = *stored.credential;
        return !credential.login_needed &&
               (!credential.expires_at || services_.clock() < *credential.expires_at);
    }

    Result<bool> logout(const Target& target, bool revoke, const Patience& patience) {
        const auto id = id_of(target);
        auto gone = remove_login(*services_.store, id, patience);
        cache_.forget(id);
        if (!gone) return std::move(gone).failure();
        if (!revoke || !gone->credential) return gone->removed;
        for (const auto& method : target.methods) {
            if (method.id != gone->credential->method || method.kind != Kind::oauth2) continue;
            const auto revoked =
                revoke_tokens(method, *gone->credential, discovery(), patience.stop);
            if (!revoked) {
                log::warning("auth",
                             fmt::format("the tokens of {} were removed here, but not revoked: {}",
                                         id.provider,
                                         revoked.error().reason));
            }
        }
        return gone->removed;
    }

    Result<std::vector<StatusReport>> status(const Target& target) {
        auto accounts = stored_accounts(target);
        if (!accounts) return std::move(accounts).failure();
        if (accounts->empty()) accounts->push_back(target.account);
        std::vector<StatusReport> reports;
        for (auto& account : *accounts) {
            auto of_account = target;
            of_account.account = std::move(account);
            reports.push_back(status_of(of_account));
        }
        return reports;
    }

    Result<std::vector<Candidate>> explain(const Target& target) {
        return choose(target,
                      load(target),
                      services_.environment,
                      static_cast<bool>(services_.ask_key))
            .candidates;
    }

    Result<std::vector<CredentialId>> list() { return services_.store->list(); }

    Result<Lease> lease(const Resolved& resolved,
                        const Patience& patience,
                        const std::function<void(std::optional<long>)>& waiting) {
        if (resolved.method.billing != Billing::subscription) return Lease();
        return services_.leases->take(lease_subject(resolved), patience, waiting);
    }

private:
    [[nodiscard]] DiscoveryServices discovery() const {
        return {.send = services_.send, .clock = services_.clock, .cache_dir = services_.cache_dir};
    }

    static std::string lease_subject(const Resolved& resolved) {
        if (!resolved.subject.empty()) return resolved.subject;
        // A key that the config calls a subscription: it is its own subject.
        return "key " + fingerprint_of(resolved.credential.api_key);
    }

    StoredSource load(const Target& target) {
        const auto id = id_of(target);
        if (auto unsaved = refresher_.unsaved(id)) {
            if (!refresher_.save(id)) return {.credential = std::move(unsaved)};
        }
        auto loaded = services_.store->load(id);
        if (!loaded) return {.trouble = loaded.error()};
        return {.credential = std::move(*loaded)};
    }

    // Another process may have logged in, out or refreshed.
    bool unchanged(const CachedResolution& cached) {
        const auto id = id_of(cached.target);
        return !refresher_.unsaved(id) && services_.store->stamp(id) == cached.stamp;
    }

    Result<ResolvedPtr> remember(const Target& target,
                                 ResolvedPtr resolved,
                                 Time use_before = Time::max(),
                                 Stamp stamp = {}) {
        auto entry = std::make_shared<CachedResolution>();
        entry->target = target;
        entry->resolved = resolved;
        entry->use_before = use_before;
        entry->stamp = stamp;
        cache_.put(std::move(entry));
        log::info("auth",
                  fmt::format(
                      "{} uses {} ({})",
                      target.provider,
                      resolved->method.id,
                      resolved->source.text().empty() ? "no credential" : resolved->source.text()));
        return resolved;
    }

    Result<ResolvedPtr> resolve_anew(const Target& target,
                                     const Patience& patience,
                                     Milliseconds min_validity) {
        // Before the file is read: a change in between makes the stamp differ, never the other way
        // round.
        const auto stamp = services_.store->stamp(id_of(target));
        const auto stored = load(target);
        const auto choice =
            choose(target, stored, services_.environment, static_cast<bool>(services_.ask_key));
        if (choice.winner == nullptr) return fail(*choice.error);
        const auto& method = *choice.winner;
        if (choice.source.kind == SourceKind::stored) {
            const auto current = make_resolved(method, *stored.credential, choice.source);
            return method.kind == Kind::oauth2
                       ? use_or_refresh(target, current, stamp, patience, min_validity)
                       : use_stored_key(target, current, stamp);
        }
        Credential credential = {.id = id_of(target), .method = method.id, .api_key = choice.key};
        if (choice.source.kind == SourceKind::prompt) {
            auto key = ask(target, method);
            if (!key) return std::move(key).failure();
            credential.api_key = std::move(*key);
        }
        return remember(target,
                        make_resolved(method, std::move(credential), choice.source),
                        Time::max(),
                        stamp);
    }

    Result<ResolvedPtr> use_stored_key(const Target& target,
                                       const ResolvedPtr& current,
                                       Stamp stamp) {
        if (const auto refused = refused_key(current->credential.api_key.reveal());
            !refused.empty()) {
            return fail({.code = Errc::auth_no_credential,
                         .message = "the stored key of " + target.provider + " is not used",
                         .reason = refused,
                         .fix = login_command(id_of(target)) + " --with-api-key"});
        }
        return remember(target, current, Time::max(), stamp);
    }

    // Asked once in the life of this process.
    Result<Secret> ask(const Target& target, const Method& method) {
        const std::lock_guard guard(asking_);
        auto& answer = answers_[id_of(target)];
        if (!answer.empty()) return answer;
        const auto typed = services_.ask_key(target, method);
        if (!typed) return typed;
        const auto key = without_white_space(typed->reveal());
        const auto refused = key.empty() ? std::string("it is empty") : refused_key(key);
        if (!refused.empty()) {
            return fail({.code = Errc::auth_no_credential,
                         .message = "that key is not used",
                         .reason = refused});
        }
        answer = Secret(std::string(key));
        return answer;
    }

    Milliseconds lead_of(const Method& method) const {
        return method.refresh_lead.value_or(services_.refresh_lead);
    }

    // The sidecar, if it speaks of this credential.
    std::optional<RefreshRecord> record_of(const Credential& credential) {
        auto record = services_.store->record(credential.id);
        if (!record || credential.refresh_token.empty()) return std::nullopt;
        return fingerprint_of(credential.refresh_token) == record->fingerprint ? record
                                                                               : std::nullopt;
    }

    oauth2::RefreshSituation situation_of(const Resolved& current, Milliseconds min_validity) {
        const auto& credential = current.credential;
        oauth2::RefreshSituation situation = {
            .now = services_.clock(),
            .obtained_at = credential.obtained_at,
            .expires_at = credential.expires_at,
            .has_refresh_token = !credential.refresh_token.empty(),
            .lead = lead_of(current.method),
            .min_validity = min_validity,
            .refused_for_good = credential.login_needed.has_value()};
        if (const auto record = record_of(credential)) {
            situation.not_before = record->next_try;
            situation.refused_for_good =
                situation.refused_for_good || record->fate == RefreshFate::terminal;
        }
        return situation;
    }

    // Until when the answer stays "use it".
    static Time use_before(const oauth2::RefreshSituation& situation) {
        if (!situation.expires_at) return Time::max();
        if (!situation.has_refresh_token || situation.refused_for_good)
            return *situation.expires_at;
        auto plain = situation;
        plain.min_validity = {};
        const auto due = *situation.expires_at - oauth2::effective_lead(plain);
        return std::min(*situation.expires_at, std::max(due, situation.not_before.value_or(due)));
    }

    Result<ResolvedPtr> use_or_refresh(const Target& target,
                                       const ResolvedPtr& current,
                                       Stamp stamp,
                                       const Patience& patience,
                                       Milliseconds min_validity) {
        const auto id = id_of(target);
        const auto situation = situation_of(*current, min_validity);
        switch (oauth2::decide_refresh(situation)) {
            case oauth2::RefreshDecision::use:
                return remember(target, current, use_before(situation), stamp);
            case oauth2::RefreshDecision::refresh: {
                auto bounded = patience;
                bounded.deadline = std::min(
                    bounded.deadline, std::chrono::steady_clock::now() + longest_optional_wait);
                return refresh_stored(target, current, RefreshReason::due, bounded);
            }
            case oauth2::RefreshDecision::must_refresh:
                return refresh_stored(target, current, RefreshReason::due, patience);
            case oauth2::RefreshDecision::wait:
                return fail(still_paused(*current));
            case oauth2::RefreshDecision::login_needed:
                break;
        }
        const auto& needed = current->credential.login_needed;
        return fail(session_expired(id,
                                    needed ? "the authority refused to refresh it: " + needed->code
                                    : situation.has_refresh_token
                                        ? "the authority refused to refresh it"
                                        : "it expired, and it has no refresh token"));
    }

    Error still_paused(const Resolved& current) {
        const auto record = record_of(current.credential);
        return {.code = Errc::auth_refresh_unavailable,
                .message = "the login of " + current.credential.id.provider +
                           " expired and could not be refreshed yet",
                .reason = record ? fmt::format("{} (next try at {})",
                                               record->message,
                                               text::format_rfc3339(record->next_try))
                                 : std::string(),
                .fix = "try again then, or now: " + refresh_command(current.credential.id)};
    }

    Result<ResolvedPtr> refresh_stored(const Target& target,
                                       const ResolvedPtr& current,
                                       RefreshReason reason,
                                       const Patience& patience) {
        const RefreshWork work = {.id = id_of(target),
                                  .method = current->method,
                                  .origins = target.origins,
                                  .reason = reason,
                                  .seen_access_token = current->credential.access_token};
        auto result = flights_->join(work, patience);
        // The flight may have been somebody else's, for the token that came before ours.
        const auto same = [&] {
            return result.ok() && result.credential->access_token == work.seen_access_token;
        };
        if (same()) result = flights_->join(work, patience);
        if (result.ok() && !same()) return publish(target, *current, std::move(*result.credential));
        return go_on_without(current, reason, result);
    }

    Result<ResolvedPtr> publish(const Target& target,
                                const Resolved& current,
                                Credential credential) {
        const auto next = make_resolved(current.method, std::move(credential), current.source);
        const auto stamp = services_.store->stamp(id_of(target));
        return remember(target, next, use_before(situation_of(*next, {})), stamp);
    }

    // A failed refresh is not an outage: what still works is used.
    Result<ResolvedPtr> go_on_without(const ResolvedPtr& current,
                                      RefreshReason reason,
                                      const RefreshResult& result) {
        const auto trouble =
            result.trouble.value_or(Error{.code = Errc::auth_refresh_unavailable,
                                          .message = "the refresh brought no new token",
                                          .reason = {},
                                          .fix = "try again later"});
        const auto& expires_at = current->credential.expires_at;
        const bool expired = expires_at && *expires_at <= services_.clock();
        const bool gone =
            trouble.code == Errc::auth_not_logged_in || trouble.code == Errc::auth_cancelled;
        if (reason != RefreshReason::due || expired || gone) return fail(trouble);
        log::warning("auth",
                     fmt::format("{} ({}); the current token is used{}",
                                 trouble.message,
                                 trouble.reason,
                                 expires_at ? " until " + text::format_rfc3339(*expires_at)
                                            : std::string()));
        return current;
    }

    Result<std::vector<std::string>> stored_accounts(const Target& target) {
        auto ids = services_.store->list();
        if (!ids) return std::move(ids).failure();
        std::vector<std::string> accounts;
        for (auto& id : *ids) {
            if (id.provider == target.provider) accounts.push_back(std::move(id.account));
        }
        return accounts;
    }

    StatusReport status_of(const Target& target) {
        const auto stored = load(target);
        const auto choice = choose(target, stored, services_.environment, false);
        StatusFacts facts = {.now = services_.clock()};
        if (choice.winner != nullptr) facts.lead = lead_of(*choice.winner);
        if (stored.credential) facts.record = record_of(*stored.credential);
        auto report = report_status(target, stored, choice, facts);
        if (stored.trouble && report.note.empty())
            report.note = stored.trouble->message + ": " + stored.trouble->reason;
        if (report.billing == Billing::subscription && !report.subject.empty() &&
            services_.leases) {
            report.lease_holder_pid = services_.leases->holder(report.subject);
        }
        return report;
    }

    Services services_;
    ResolvedCache cache_;
    Refresher refresher_;
    std::unique_ptr<RefreshFlights> flights_;
    std::mutex asking_;  // one question at a time; guards answers_
    std::map<CredentialId, Secret> answers_;
};

Broker::Broker(Services services) : impl_(std::make_unique<Impl>(std::move(services))) {}
Broker::~Broker() = default;

Result<ResolvedPtr> Broker::resolve(const Target& target,
                                    const Patience& patience,
                                    std::chrono::milliseconds min_validity) {
    return impl_->resolve(target, patience, min_validity);
}
Result<ResolvedPtr> Broker::recover(const Target& target,
                                    const Resolved& rejected,
                                    const Patience& patience) {
    return impl_->recover(target, rejected, patience);
}
Result<ResolvedPtr> Broker::refresh(const Target& target, const Patience& patience) {
    return impl_->refresh(target, patience);
}
Result<void> Broker::store_login(const Target& target,
                                 const Method& method,
                                 Credential credential) {
    return impl_->store_login(target, method, std::move(credential));
}
Result<void> Broker::preflight(const CredentialId& id) {
    return impl_->preflight(id);
}
Result<bool> Broker::has_valid_login(const Target& target) {
    return impl_->has_valid_login(target);
}
Result<bool> Broker::logout(const Target& target, bool revoke, const Patience& patience) {
    return impl_->logout(target, revoke, patience);
}
Result<std::vector<StatusReport>> Broker::status(const Target& target) {
    return impl_->status(target);
}
Result<std::vector<Candidate>> Broker::explain(const Target& target) {
    return impl_->explain(target);
}
Result<std::vector<CredentialId>> Broker::list() {
    return impl_->list();
}
Result<Lease> Broker::lease(const Resolved& resolved,
                            const Patience& patience,
                            const std::function<void(std::optional<long> holder)>& waiting) {
    return impl_->lease(resolved, patience, waiting);
}

}  // namespace handover::auth
