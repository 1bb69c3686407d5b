#include "auth/refresh.hpp"

#include <fmt/format.h>

#include <utility>

#include "auth/binding.hpp"
#include "auth/refresh_errors.hpp"
#include "auth/resolution.hpp"
#include "auth/spending.hpp"
#include "auth/unsaved_logins.hpp"
#include "log/log.hpp"

namespace handover::auth {
namespace {

Error as_error(const CredentialId& id, const RefreshRecord& record) {
    if (record.fate == RefreshFate::replaced) {
        return {.code = Errc::auth_session_expired,
                .message = "a new token of " + id.provider + " is refused like the one before it",
                .reason =
                    fmt::format("it was made because of such a refusal at {}; not again before {}",
                                text::format_rfc3339(record.at),
                                text::format_rfc3339(record.next_try)),
                .fix = "see whether the account is in order there; else " + login_command(id)};
    }
    if (record.fate == RefreshFate::terminal) return cannot_refresh(id, record.message);
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

// An upstream that refuses whatever it is shown must not cost a refresh for each request.
std::optional<RefreshResult> too_soon(const RefreshWork& work, const Findings& found) {
    if (work.reason != RefreshReason::rejected || found.now >= found.record->next_try)
        return std::nullopt;
    return trouble(as_error(work.id, *found.record));
}

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
    if (current.login_needed) return trouble(cannot_refresh(work.id, current.login_needed->code));
    if (current.refresh_token.empty())
        return trouble(cannot_refresh(work.id, "there is no refresh token"));
    if (!found.record || found.record->fingerprint != found.fingerprint) return std::nullopt;
    if (found.record->fate == RefreshFate::replaced) return too_soon(work, found);
    if (found.record->fate == RefreshFate::terminal)
        return trouble(as_error(work.id, *found.record));
    const bool arrived_meanwhile = found.record != found.before;
    const bool paused = work.reason != RefreshReason::asked && found.now < found.record->next_try;
    if (arrived_meanwhile || paused) return trouble(as_error(work.id, *found.record));
    return std::nullopt;
}

}  // namespace

Refresher::Refresher(RefreshServices services)
    : services_(std::move(services)), unsaved_(std::make_unique<UnsavedLogins>(services_)) {
    spend_ = [this](const RefreshWork& work,
                    const CredentialLock& lock,
                    const Credential& current,
                    const std::stop_token& /*stop*/) { return spend_here(work, lock, current); };
}

Refresher::~Refresher() = default;

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
    if (result.unsaved_generation) unsaved_->keep(work, found.current, result);
    const bool called_off = result.trouble && result.trouble->code == Errc::auth_cancelled;
    if (services_.on_refresh && !called_off) services_.on_refresh(work.id, result.ok());
    return result;
}

RefreshResult Refresher::spend_here(const RefreshWork& work,
                                    const CredentialLock& lock,
                                    const Credential& current) const {
    return spend_token(services_, work, lock, current);
}

std::optional<Credential> Refresher::unsaved(const CredentialId& id) {
    return unsaved_->find(id);
}

bool Refresher::save(const CredentialId& id) {
    return unsaved_->save(id);
}

void Refresher::save_all() {
    unsaved_->save_all();
}

}  // namespace handover::auth
