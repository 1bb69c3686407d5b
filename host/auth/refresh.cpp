#include "auth/refresh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "auth/authority.hpp"
#include "auth/binding.hpp"
#include "auth/oauth2/refresh_decision.hpp"
#include "auth/oauth2/token_request.hpp"
#include "auth/oauth2/token_response.hpp"
#include "auth/resolution.hpp"
#include "log/log.hpp"

namespace handover::auth {
namespace {

// contract.md: talking to a token endpoint is bounded.
constexpr http::Limits exchange_limits = {.connect = std::chrono::seconds(10),
                                          .total = std::chrono::seconds(30)};
constexpr std::string_view outcome_unknown = "refresh_outcome_unknown";

RefreshResult trouble(Error error, bool sent = false) {
    return {.credential = {}, .trouble = std::move(error), .sent = sent};
}

Error session_expired(const CredentialId& id, std::string reason) {
    return {.code = Errc::auth_session_expired,
            .message = "the login of " + id.provider + " cannot be refreshed any more",
            .reason = std::move(reason),
            .fix = login_command(id)};
}

Error unavailable(const CredentialId& id, std::string reason) {
    return {.code = Errc::auth_refresh_unavailable,
            .message = "the login of " + id.provider + " could not be refreshed now",
            .reason = std::move(reason),
            .fix = "try again later"};
}

Error logged_out(const CredentialId& id, std::string reason) {
    return {.code = Errc::auth_not_logged_in,
            .message = "nobody is logged in to " + id.provider,
            .reason = std::move(reason),
            .fix = login_command(id)};
}

bool expired(const Credential& credential, Time now) {
    return credential.expires_at && *credential.expires_at <= now;
}

// The token still does its work, as far as its times and the upstream say.
bool works(const Credential& credential, const RefreshWork& work, Time now) {
    return work.reason != RefreshReason::rejected && !expired(credential, now);
}

Error as_error(const CredentialId& id, const RefreshRecord& record) {
    if (record.fate == RefreshFate::terminal) return session_expired(id, record.message);
    return unavailable(
        id,
        fmt::format("{} (next try at {})", record.message, text::format_rfc3339(record.next_try)));
}

// What can be answered without spending the token: nothing means that it is to be spent.
struct Findings {
    Credential current = {};
    std::string fingerprint = {};
    std::optional<RefreshRecord> before = {};  // the sidecar as it was before the wait for the lock
    std::optional<RefreshRecord> record = {};  // as it is now
    Time now = {};
};

std::optional<RefreshResult> adopt(const RefreshWork& work, const Findings& found) {
    const auto& current = found.current;
    if (current.method != work.method.id) {
        return trouble(
            logged_out(work.id, "the stored login uses the method " + current.method + " now"));
    }
    if (const auto differs = mismatch(current, work.method, work.origins)) {
        return trouble(logged_out(work.id, describe(*differs)));
    }
    // A token stored while we waited counts as fresh.
    const bool newer = !(current.access_token == work.seen_access_token);
    if (newer && !expired(current, found.now)) return RefreshResult{.credential = current};
    if (current.login_needed) return trouble(session_expired(work.id, current.login_needed->code));
    if (current.refresh_token.empty())
        return trouble(session_expired(work.id, "there is no refresh token"));
    if (!found.record || found.record->fingerprint != found.fingerprint) return std::nullopt;
    if (found.record->fate == RefreshFate::terminal)
        return trouble(as_error(work.id, *found.record));
    const bool arrived_meanwhile = found.record != found.before;
    const bool paused = work.reason != RefreshReason::asked && found.now < found.record->next_try;
    if (arrived_meanwhile || paused) return trouble(as_error(work.id, *found.record));
    return std::nullopt;
}

Credential successor(const Credential& current, oauth2::Tokens tokens, Time sent_at) {
    Credential next = current;
    next.access_token = std::move(tokens.access_token);
    // RFC 6749 section 6: an absent refresh_token keeps the old one. The same is done for the ID
    // token and its claims.
    if (!tokens.refresh_token.empty()) next.refresh_token = std::move(tokens.refresh_token);
    if (!tokens.id_token.empty()) next.id_token = std::move(tokens.id_token);
    if (!tokens.token_type.empty()) next.token_type = std::move(tokens.token_type);
    if (tokens.scopes) next.scopes = std::move(*tokens.scopes);
    next.expires_at = tokens.expires_at;
    next.obtained_at = sent_at;
    next.login_needed.reset();
    return next;
}

// One spending of a refresh token, from the reservation to the cleared journal. The lock is held
// all the while.
class Spending {
public:
    Spending(const RefreshServices& services,
             const RefreshWork& work,
             const CredentialLock& lock,
             const Credential& current)
        : services_(services),
          store_(*services.store),
          work_(work),
          lock_(lock),
          current_(current) {}

    // What the journal and the store say before anything is sent; nothing to go on.
    std::optional<RefreshResult> prepare() {
        fingerprint_ = fingerprint_of(current_.refresh_token);
        if (auto ended = consult_journal()) return ended;
        auto endpoint = token_endpoint_for(work_.method, current_, services_.discovery());
        if (!endpoint) return failed_without_sending(endpoint.error());
        token_endpoint_ = std::move(*endpoint);
        auto request = oauth2::refresh_token_grant_request(
            work_.method, token_endpoint_, current_.refresh_token);
        if (!request) return trouble(request.error());
        request_ = std::move(*request);
        return secure_the_store();
    }

    RefreshResult send() {
        const auto sent_at = services_.clock();
        const auto outcome = services_.send(request_, exchange_limits, {});
        auto verdict = oauth2::judge_refresh(outcome, work_.method.terminal_errors, sent_at);
        switch (verdict.outcome) {
            case oauth2::RefreshOutcome::success:
                break;
            case oauth2::RefreshOutcome::terminal:
                return refused(verdict);
            case oauth2::RefreshOutcome::transient:
                return put_off(verdict);
            case oauth2::RefreshOutcome::unknown:
                return leave_open(verdict);
        }
        next_ = successor(current_, std::move(verdict.tokens), sent_at);
        next_.token_endpoint = token_endpoint_;
        bind(next_, work_.method, work_.origins);
        next_.generation = generation_ + 1;
        return store();
    }

    // Set when the answer was a new credential that could not be stored.
    [[nodiscard]] bool left_unsaved() const { return left_unsaved_; }
    [[nodiscard]] std::uint64_t generation() const { return generation_; }

private:
    std::optional<RefreshResult> consult_journal() {
        auto journal = store_.journal(work_.id);
        if (!journal) return trouble(journal.error());
        const bool open = *journal && ((*journal)->fingerprint.empty() ||
                                       (*journal)->fingerprint == fingerprint_);
        if (!open) return std::nullopt;
        previous_ = std::move(*journal);
        log::warning("auth",
                     fmt::format("a refresh of {} was sent at {} and its outcome is not known",
                                 work_.id.provider,
                                 text::format_rfc3339(previous_->at)));
        if (works(current_, work_, services_.clock())) {
            return trouble(unavailable(
                work_.id,
                "an earlier refresh has no known outcome; the refresh token is not sent again "
                "while the access token works"));
        }
        if (previous_->resent) {
            return give_up(std::string(outcome_unknown),
                           "the refresh token was sent twice and both answers were lost");
        }
        return std::nullopt;
    }

    std::optional<RefreshResult> secure_the_store() {
        auto generation = store_.raise_generation(work_.id, current_.generation);
        if (!generation) return trouble(generation.error());
        generation_ = *generation;
        auto reservation = store_.reserve(lock_, work_.id);
        if (!reservation) return trouble(reservation.error());
        reservation_ = std::move(*reservation);
        const auto written = store_.write_journal(lock_,
                                                  work_.id,
                                                  {.fingerprint = fingerprint_,
                                                   .generation = generation_,
                                                   .at = services_.clock(),
                                                   .resent = previous_.has_value()});
        if (!written) {
            // It may stand there all the same (a rename that could not be synced), and nothing is
            // sent.
            restore_journal();
            return trouble(written.error());
        }
        return std::nullopt;
    }

    RefreshResult store() {
        auto stored = store_.store_if_unchanged(lock_, next_, generation_, std::move(reservation_));
        // Twice more with a new temporary file: a bad block or a vanished file need not be there
        // again.
        for (int again = 0; !stored && again < 2; ++again) {
            stored = store_.store_if_unchanged(lock_, next_, generation_, nullptr);
        }
        if (!stored) return keep_in_memory(stored.error());
        if (*stored == Stored::generation_moved) return discard();
        const auto raised = store_.raise_generation(work_.id, next_.generation);
        if (!raised) log::warning("auth", raised.error().message + ": " + raised.error().reason);
        close_journal();
        store_.clear_record(lock_, work_.id);
        return {.credential = next_, .trouble = {}, .sent = true};
    }

    // Somebody logged out while the answer was on its way.
    RefreshResult discard() {
        const auto revoked = revoke_tokens(work_.method, next_, services_.discovery(), {});
        if (!revoked)
            log::warning(
                "auth",
                "tokens that came after a logout were not revoked: " + revoked.error().reason);
        (void)store_.clear_journal(lock_, work_.id);
        return trouble(logged_out(work_.id, "it was logged out while a refresh was under way"),
                       true);
    }

    RefreshResult keep_in_memory(const Error& why) {
        left_unsaved_ = true;
        log::write(log::Level::error,
                   "auth",
                   fmt::format("the new login of {} could not be stored ({}: {}); it is used from "
                               "memory, and lost if this "
                               "process ends before it can be stored. {}",
                               work_.id.provider,
                               why.message,
                               why.reason,
                               why.fix));
        write_record(RefreshFate::store_failed, why.message + ": " + why.reason, {}, {});
        return {.credential = next_, .trouble = {}, .sent = true};
    }

    RefreshResult refused(const oauth2::RefreshVerdict& verdict) {
        // Perhaps a program that knows nothing of our lock has stored another one.
        auto again = store_.load_locked(lock_, work_.id);
        if (again && *again && !((*again)->access_token == current_.access_token)) {
            restore_journal();
            return {.credential = std::move(**again), .trouble = {}, .sent = true};
        }
        auto result = give_up(verdict.code, verdict.error.reason);
        result.sent = true;
        return result;
    }

    // The refresh token is of no use any more: remembered, so that nobody tries it again.
    RefreshResult give_up(const std::string& code, const std::string& reason) {
        const auto now = services_.clock();
        auto marked = current_;
        marked.login_needed = LoginNeeded{.code = code, .at = now};
        const auto expected = store_.generation(work_.id);
        const auto stored =
            store_.store_if_unchanged(lock_, marked, expected, std::move(reservation_));
        if (!stored) log::warning("auth", stored.error().message + ": " + stored.error().reason);
        write_record(RefreshFate::terminal, reason.empty() ? code : reason, {}, code);
        // An unmarked credential keeps its journal: the mark is made next time.
        if (stored) (void)store_.clear_journal(lock_, work_.id);
        auto error = session_expired(work_.id, reason.empty() ? code : code + ": " + reason);
        return trouble(std::move(error));
    }

    RefreshResult put_off(const oauth2::RefreshVerdict& verdict) {
        restore_journal();
        write_record(RefreshFate::transient, describe(verdict), verdict.retry_after, verdict.code);
        return trouble(unavailable(work_.id, describe(verdict)), true);
    }

    RefreshResult leave_open(const oauth2::RefreshVerdict& verdict) {
        write_record(RefreshFate::unknown, describe(verdict), {}, verdict.code);
        return trouble(unavailable(work_.id, describe(verdict)), true);
    }

    std::optional<RefreshResult> failed_without_sending(const Error& error) {
        write_record(
            RefreshFate::transient, error.reason.empty() ? error.message : error.reason, {}, {});
        return trouble(unavailable(work_.id, error.reason.empty() ? error.message : error.reason));
    }

    static std::string describe(const oauth2::RefreshVerdict& verdict) {
        return verdict.error.reason.empty() ? verdict.error.message : verdict.error.reason;
    }

    // This attempt left no trace at the authority: the journal is again as it was before.
    void restore_journal() {
        if (previous_) {
            const auto written = store_.write_journal(lock_, work_.id, *previous_);
            if (!written)
                log::warning("auth", written.error().message + ": " + written.error().reason);
            return;
        }
        close_journal();
    }

    void close_journal() {
        const auto cleared = store_.clear_journal(lock_, work_.id);
        if (!cleared) log::warning("auth", cleared.error().message + ": " + cleared.error().reason);
    }

    void write_record(RefreshFate fate,
                      std::string message,
                      std::optional<Milliseconds> retry_after,
                      std::string code) {
        const auto last = store_.record(work_.id);
        const bool in_a_row = last && last->fingerprint == fingerprint_;
        const int failures = in_a_row ? std::min(last->failures + 1, 1000) : 1;
        const auto now = services_.clock();
        const auto written =
            store_.write_record(lock_,
                                work_.id,
                                {.fate = fate,
                                 .at = now,
                                 .next_try = now + oauth2::refresh_pause(failures, retry_after),
                                 .failures = failures,
                                 .generation = generation_,
                                 .fingerprint = fingerprint_,
                                 .code = std::move(code),
                                 .message = std::move(message)});
        if (!written) log::warning("auth", written.error().message + ": " + written.error().reason);
    }

    const RefreshServices& services_;
    CredentialStore& store_;
    const RefreshWork& work_;
    const CredentialLock& lock_;
    const Credential& current_;
    std::string fingerprint_;
    std::string token_endpoint_;
    std::optional<Journal> previous_;  // one that was found open
    http::Request request_;
    std::uint64_t generation_ = 0;
    std::unique_ptr<Reservation> reservation_;
    Credential next_;
    bool left_unsaved_ = false;
};

}  // namespace

Refresher::Refresher(RefreshServices services) : services_(std::move(services)) {
    spend_ = [this](const RefreshWork& work,
                    const CredentialLock& lock,
                    const Credential& current,
                    const std::stop_token& /*stop*/) { return spend_here(work, lock, current); };
}

RefreshResult Refresher::run(const RefreshWork& work, const Patience& before_sending) {
    auto& store = *services_.store;
    Findings found;
    found.before = store.record(work.id);
    log::debug("auth",
               "the login of " + work.id.provider + " is to be refreshed: waiting for its lock");
    const auto lock = store.lock(work.id, before_sending);
    if (!lock) {
        const bool busy = lock.error().code == Errc::auth_timeout;
        return trouble(busy ? unavailable(work.id, lock.error().message) : lock.error());
    }
    auto current = store.load_locked(**lock, work.id);
    if (!current) return trouble(current.error());
    if (!*current) return trouble(logged_out(work.id, "there is no stored login"));
    found.current = std::move(**current);
    found.record = store.record(work.id);
    found.now = services_.clock();
    if (found.record) found.fingerprint = fingerprint_of(found.current.refresh_token);
    if (auto adopted = adopt(work, found)) return std::move(*adopted);
    if (before_sending.stop.stop_requested()) {
        return trouble(
            {.code = Errc::auth_cancelled, .message = "cancelled before the refresh was sent"});
    }
    auto result = spend_(work, **lock, found.current, before_sending.stop);
    if (result.unsaved_generation)
        keep_unsaved(work, found.current, *result.credential, *result.unsaved_generation);
    return result;
}

RefreshResult Refresher::spend_here(const RefreshWork& work,
                                    const CredentialLock& lock,
                                    const Credential& current) const {
    Spending spending(services_, work, lock, current);
    if (auto ended = spending.prepare()) return std::move(*ended);
    auto result = spending.send();
    if (spending.left_unsaved()) result.unsaved_generation = spending.generation();
    return result;
}

void Refresher::keep_unsaved(const RefreshWork& work,
                             const Credential& current,
                             const Credential& next,
                             std::uint64_t generation) {
    const std::lock_guard guard(mutex_);
    unsaved_[work.id] = {.credential = next,
                         .replaces = current.access_token,
                         .generation = generation,
                         .method = work.method};
}

std::optional<Credential> Refresher::unsaved(const CredentialId& id) {
    const std::lock_guard guard(mutex_);
    const auto found = unsaved_.find(id);
    return found == unsaved_.end() ? std::nullopt : std::optional(found->second.credential);
}

bool Refresher::save(const CredentialId& id) {
    Unsaved left;
    {
        const std::lock_guard guard(mutex_);
        const auto found = unsaved_.find(id);
        if (found == unsaved_.end()) return true;
        left = found->second;
    }
    auto& store = *services_.store;
    const auto lock =
        store.lock(id, {.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2)});
    if (!lock) return false;
    const auto current = store.load_locked(**lock, id);
    const auto stored_token = current && *current ? (*current)->access_token : left.replaces;
    // Ours may be there although the folder could not be synced: then it is stored once more.
    const bool replaced =
        !(stored_token == left.replaces) && !(stored_token == left.credential.access_token);
    if (!replaced) {
        const auto stored =
            store.store_if_unchanged(**lock, left.credential, left.generation, nullptr);
        if (!stored) return false;
        if (*stored == Stored::stored) {
            (void)store.raise_generation(id, left.credential.generation);
            (void)store.clear_journal(**lock, id);
            store.clear_record(**lock, id);
            log::warning("auth", "the new login of " + id.provider + " is stored now");
        } else {
            (void)revoke_tokens(left.method, left.credential, services_.discovery(), {});
        }
    }
    const std::lock_guard guard(mutex_);
    unsaved_.erase(id);
    return true;
}

void Refresher::save_all() {
    std::vector<CredentialId> ids;
    {
        const std::lock_guard guard(mutex_);
        for (const auto& [id, left] : unsaved_) ids.push_back(id);
    }
    for (const auto& id : ids) {
        if (save(id)) continue;
        log::write(log::Level::error,
                   "auth",
                   "the new login of " + id.provider + " is lost: it could not be stored");
    }
}

}  // namespace handover::auth
