#include "auth/spending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "auth/authority.hpp"
#include "auth/binding.hpp"
#include "auth/claims.hpp"
#include "auth/oauth2/refresh_decision.hpp"
#include "auth/oauth2/token_request.hpp"
#include "auth/oauth2/token_response.hpp"
#include "auth/refresh_errors.hpp"
#include "log/log.hpp"

namespace handover::auth {
namespace {

// contract.md: talking to a token endpoint is bounded.
constexpr http::Limits exchange_limits = {.connect = std::chrono::seconds(10),
                                          .total = std::chrono::seconds(30)};
// A refusal by the upstream so long after the last is news.
constexpr auto forgotten_after = std::chrono::minutes(10);
constexpr std::string_view outcome_unknown = "refresh_outcome_unknown";
constexpr std::string_view another_account_code = "another_account";

// The token still does its work, as far as its times and the upstream say.
bool works(const Credential& credential, const RefreshWork& work, Time now) {
    return work.reason != RefreshReason::rejected && !expired(credential, now);
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
        if (another_account(work_.method, current_, next_)) return refuse_another_account();
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
        note_why();
        return {.credential = next_, .trouble = {}, .sent = true};
    }

    // The upstream refused the token before: should it refuse this one as well, it is not replaced
    // at once.
    void note_why() {
        if (work_.reason != RefreshReason::rejected) return store_.clear_record(lock_, work_.id);
        const auto last = store_.record(work_.id);
        const auto now = services_.clock();
        const bool in_a_row = last && last->fate == RefreshFate::replaced &&
                              last->fingerprint == fingerprint_ && now - last->at < forgotten_after;
        const int times = in_a_row ? std::min(last->failures + 1, 1000) : 1;
        write({.fate = RefreshFate::replaced,
               .at = now,
               .next_try = now + oauth2::refresh_pause(times, {}),
               .failures = times,
               .generation = next_.generation,
               .fingerprint = fingerprint_of(next_.refresh_token),
               .code = {},
               .message = "the provider had refused the access token"});
    }

    // Tokens of somebody else are nobody's business: they are given back, and the old refresh token
    // is spent.
    RefreshResult refuse_another_account() {
        log::write(log::Level::error,
                   "auth",
                   "the authority answered the refresh of " + work_.id.provider +
                       " with tokens of another account; they are not used");
        revoke_successor("tokens of another account");
        auto result = give_up(std::string(another_account_code),
                              "the authority answered with tokens of another account");
        result.sent = true;
        return result;
    }

    void revoke_successor(const std::string& what) {
        const auto revoked = revoke_tokens(work_.method, next_, services_.discovery(), {});
        if (!revoked) log::warning("auth", what + " were not revoked: " + revoked.error().reason);
    }

    // Somebody logged out while the answer was on its way.
    RefreshResult discard() {
        revoke_successor("tokens that came after a logout");
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
        auto error = cannot_refresh(work_.id, reason.empty() ? code : code + ": " + reason);
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
        const bool in_a_row =
            last && last->fingerprint == fingerprint_ && last->fate != RefreshFate::replaced;
        const int failures = in_a_row ? std::min(last->failures + 1, 1000) : 1;
        const auto now = services_.clock();
        write({.fate = fate,
               .at = now,
               .next_try = now + oauth2::refresh_pause(failures, retry_after),
               .failures = failures,
               .generation = generation_,
               .fingerprint = fingerprint_,
               .code = std::move(code),
               .message = std::move(message)});
    }

    void write(const RefreshRecord& record) {
        const auto written = store_.write_record(lock_, work_.id, record);
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

RefreshResult spend_token(const RefreshServices& services,
                          const RefreshWork& work,
                          const CredentialLock& lock,
                          const Credential& current) {
    Spending spending(services, work, lock, current);
    if (auto ended = spending.prepare()) return std::move(*ended);
    auto result = spending.send();
    if (spending.left_unsaved()) result.unsaved_generation = spending.generation();
    return result;
}

}  // namespace handover::auth
