#include "auth/broker.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <random>
#include <utility>

#include "auth/background_refresh.hpp"
#include "auth/credential_changes.hpp"
#include "auth/credential_file.hpp"
#include "auth/lease.hpp"
#include "auth/logins.hpp"
#include "auth/renewal.hpp"
#include "auth/resolution.hpp"
#include "auth/resolved_cache.hpp"
#include "log/log.hpp"

namespace handover::auth {
namespace {

constexpr auto for_good = Milliseconds::max();

// Long-running processes that share a credential would all refresh it at the same moment: each
// waits another part of a tenth of the lead.
double own_share() {
    std::random_device device;
    return std::uniform_real_distribution<>(0.0, 0.1)(device);
}

}  // namespace

class Broker::Impl {
public:
    explicit Impl(Services given)
        : services_(std::move(given)),
          renewal_(services_),
          logins_(services_, renewal_),
          background_([this](const TargetPtr& target) { return tend(target); }) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        background_.stop();
        renewal_.finish();
    }

    ResolvedPtr resolve_now(const Target& target, Milliseconds min_validity) {
        const auto cached = cache_.find(target);
        if (!cached || cached->use_before - min_validity <= services_.clock()) return nullptr;
        if (!ResolvedCache::claim_look(*cached) || unchanged(*cached)) return cached->resolved;
        cache_.forget(id_of(target));
        return nullptr;
    }

    Result<ResolvedPtr> resolve(const Target& target,
                                const Patience& patience,
                                Milliseconds min_validity) {
        if (auto at_once = resolve_now(target, min_validity)) return at_once;
        return resolve_anew(target, patience, min_validity);
    }

    TargetPtr keep_fresh(Target target) {
        auto kept = cache_.keep(std::move(target));
        background_.add(kept);
        return kept;
    }

    Result<ResolvedPtr> recover(const Target& target,
                                const Resolved& rejected,
                                const Patience& patience) {
        cache_.forget(id_of(target));
        const auto stamp = services_.store->stamp(id_of(target));
        const auto stored = renewal_.load(id_of(target));
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
            return remember(target, newest, last_use(target, *newest), stamp);
        return refresh_stored(target, newest, RefreshReason::rejected, patience);
    }

    std::optional<Time> refresh_paused_until(const Target& target) {
        const auto stored = renewal_.load(id_of(target));
        if (!stored.credential) return std::nullopt;
        const auto record = renewal_.record_of(*stored.credential);
        const bool paused = record && services_.clock() < record->next_try;
        return paused ? std::optional(record->next_try) : std::nullopt;
    }

    Result<ResolvedPtr> refresh(const Target& target, const Patience& patience) {
        const auto stored = renewal_.load(id_of(target));
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

    Result<bool> logout(const Target& target, bool revoke, const Patience& patience) {
        auto removed = logins_.remove(target, revoke, patience);
        cache_.forget(id_of(target));
        return removed;
    }

    Logins& logins() { return logins_; }

    Result<std::vector<CredentialId>> list() { return services_.store->list(); }

    Result<Lease> lease(const Resolved& resolved,
                        const Patience& patience,
                        const std::function<void(std::optional<long>)>& waiting) {
        if (resolved.method.billing != Billing::subscription) return Lease();
        return services_.leases->take(lease_subject(resolved), patience, waiting);
    }

    void lease_async(const Resolved& resolved, LeaseWait wait) {
        if (resolved.method.billing != Billing::subscription) return wait.done(Lease());
        services_.leases->take_async(lease_subject(resolved), std::move(wait));
    }

private:
    static std::string lease_subject(const Resolved& resolved) {
        if (!resolved.subject.empty()) return resolved.subject;
        // A key that the config calls a subscription: it is its own subject.
        return "key " + fingerprint_of(resolved.credential.api_key);
    }

    // Another process may have logged in, out or refreshed.
    bool unchanged(const CachedResolution& cached) {
        const auto id = id_of(*cached.target);
        return renewal_.saved(id) && services_.store->stamp(id) == cached.stamp;
    }

    Result<ResolvedPtr> remember(const Target& target,
                                 ResolvedPtr resolved,
                                 Time until = Time::max(),
                                 Stamp stamp = {}) {
        auto entry = std::make_shared<CachedResolution>();
        entry->resolved = resolved;
        entry->use_before = until;
        entry->stamp = stamp;
        cache_.put(target, std::move(entry));
        background_.wake(id_of(target));
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
        const auto stored = renewal_.load(id_of(target));
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
        auto typed = services_.ask_key(target, method);
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

    // A credential that is looked after in the background serves to its end.
    Time last_use(const Target& target, const Resolved& resolved) {
        const auto situation = renewal_.situation_of(resolved, {});
        if (situation.expires_at && cache_.kept(target)) return *situation.expires_at;
        return use_before(situation);
    }

    Result<ResolvedPtr> use_or_refresh(const Target& target,
                                       const ResolvedPtr& current,
                                       Stamp stamp,
                                       const Patience& patience,
                                       Milliseconds min_validity) {
        const auto situation = renewal_.situation_of(*current, min_validity);
        switch (oauth2::decide_refresh(situation)) {
            case oauth2::RefreshDecision::use:
                return remember(target, current, last_use(target, *current), stamp);
            case oauth2::RefreshDecision::refresh:
                if (min_validity == Milliseconds(0) && cache_.kept(target))
                    return remember(target, current, last_use(target, *current), stamp);
                return publish(target,
                               *current,
                               renewal_.refresh_if_quick(target, current, patience, min_validity));
            case oauth2::RefreshDecision::must_refresh:
                return refresh_stored(target, current, RefreshReason::due, patience);
            case oauth2::RefreshDecision::wait:
                return fail(still_paused(*current));
            case oauth2::RefreshDecision::login_needed:
                break;
        }
        const auto& needed = current->credential.login_needed;
        return fail(session_expired(id_of(target),
                                    needed ? "the authority refused to refresh it: " + needed->code
                                    : situation.has_refresh_token
                                        ? "the authority refused to refresh it"
                                        : "it expired, and it has no refresh token"));
    }

    Error still_paused(const Resolved& current) {
        const auto record = renewal_.record_of(current.credential);
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
        return publish(target, *current, renewal_.refresh(target, current, reason, patience));
    }

    Result<ResolvedPtr> publish(const Target& target,
                                const Resolved& before,
                                Result<ResolvedPtr> refreshed) {
        if (!refreshed) return refreshed;
        const auto& next = **refreshed;
        if (next.credential.access_token == before.credential.access_token) return refreshed;
        // Of all who waited for it the first has done the rest.
        if (const auto known = cache_.find(target);
            known && known->resolved->credential.access_token == next.credential.access_token)
            return known->resolved;
        const auto stamp = services_.store->stamp(id_of(target));
        return remember(target, *refreshed, last_use(target, next), stamp);
    }

    // What is due for a credential that is looked after; how long it can be left alone then.
    Milliseconds tend(const TargetPtr& target) {
        const auto id = id_of(*target);
        const auto stored = renewal_.load(id);
        const auto choice = choose(*target, stored, services_.environment, false);
        if (choice.winner == nullptr || choice.winner->kind != Kind::oauth2 ||
            choice.source.kind != SourceKind::stored)
            return for_good;
        const auto current = make_resolved(*choice.winner, *stored.credential, choice.source);
        const auto situation = renewal_.situation_of(*current, {});
        const auto decision = oauth2::decide_refresh(situation);
        const bool expired = decision == oauth2::RefreshDecision::must_refresh;
        if (decision == oauth2::RefreshDecision::login_needed || !situation.expires_at)
            return for_good;
        const auto jitter = std::chrono::duration_cast<Milliseconds>(
            oauth2::effective_lead(situation) * share_of_lead_);
        const auto pause = use_before(situation) - situation.now;
        const auto left = std::chrono::duration_cast<Milliseconds>(pause) + jitter;
        if (!expired && left > Milliseconds(0)) return left;
        if (decision == oauth2::RefreshDecision::wait)
            return std::chrono::duration_cast<Milliseconds>(*situation.not_before - situation.now);
        renewal_.start(*target, current, [=, this](const Result<ResolvedPtr>& landed) {
            const bool replaced = landed && *landed != current;
            if (!replaced) background_.rest(id);
            (void)publish(*target, *current, landed);
            background_.wake(id);
        });
        return for_good;
    }

    Services services_;
    const double share_of_lead_ = own_share();
    ResolvedCache cache_;
    Renewal renewal_;
    Logins logins_;
    BackgroundRefresh background_;
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
ResolvedPtr Broker::resolve_now(const Target& target) {
    return impl_->resolve_now(target, {});
}
std::shared_ptr<const Target> Broker::keep_fresh(Target target) {
    return impl_->keep_fresh(std::move(target));
}
Result<ResolvedPtr> Broker::recover(const Target& target,
                                    const Resolved& rejected,
                                    const Patience& patience) {
    return impl_->recover(target, rejected, patience);
}
std::optional<Time> Broker::refresh_paused_until(const Target& target) {
    return impl_->refresh_paused_until(target);
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
    return impl_->logins().has_valid(target);
}
Result<bool> Broker::logout(const Target& target, bool revoke, const Patience& patience) {
    return impl_->logout(target, revoke, patience);
}
Result<std::vector<StatusReport>> Broker::status(const Target& target) {
    return impl_->logins().status(target);
}
Result<std::vector<Candidate>> Broker::explain(const Target& target) {
    return impl_->logins().explain(target);
}
Result<std::vector<CredentialId>> Broker::list() {
    return impl_->list();
}
Result<Lease> Broker::lease(const Resolved& resolved,
                            const Patience& patience,
                            const std::function<void(std::optional<long> holder)>& waiting) {
    return impl_->lease(resolved, patience, waiting);
}
void Broker::lease_async(const Resolved& resolved, LeaseWait wait) {
    impl_->lease_async(resolved, std::move(wait));
}

}  // namespace handover::auth
