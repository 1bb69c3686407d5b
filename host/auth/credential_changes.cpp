#include "auth/credential_changes.hpp"

#include <algorithm>

#include "auth/binding.hpp"
#include "auth/resolution.hpp"
#include "log/log.hpp"

namespace handover::auth {
namespace {

// A refresh holds the lock for at most 40 s.
constexpr auto login_lock_wait = std::chrono::seconds(60);
constexpr auto logout_lock_wait = std::chrono::seconds(2);

Patience at_most(std::chrono::milliseconds wait) {
    return {.deadline = std::chrono::steady_clock::now() + wait};
}

Result<std::uint64_t> next_generation(CredentialStore& store,
                                      const CredentialId& id,
                                      const std::optional<Credential>& stored) {
    const auto known = std::max(store.generation(id), stored ? stored->generation : 0);
    return store.raise_generation(id, known + 1);
}

}  // namespace

Result<void> store_login(CredentialStore& store,
                         const Target& target,
                         const Method& method,
                         Credential credential) {
    const auto lock = store.lock(credential.id, at_most(login_lock_wait));
    if (!lock) return lock.failure();
    // Whatever is wrong with the old one, it is about to be replaced; a damaged one is set aside by
    // this.
    const auto old = store.load_locked(**lock, credential.id);
    auto reservation = store.reserve(**lock, credential.id);
    if (!reservation) return std::move(reservation).failure();
    const auto generation = next_generation(store, credential.id, old ? *old : std::nullopt);
    if (!generation) return generation.failure();
    credential.method = method.id;
    credential.generation = *generation;
    credential.login_needed.reset();
    bind(credential, method, target.origins);
    const auto stored =
        store.store_if_unchanged(**lock, credential, *generation, std::move(*reservation));
    if (!stored) return stored.failure();
    if (*stored == Stored::generation_moved) {
        return fail({.code = Errc::auth_not_logged_in,
                     .message = "the new login of " + credential.id.provider + " was not kept",
                     .reason = "it was logged out at the same moment",
                     .fix = login_command(credential.id)});
    }
    store.clear_record(**lock, credential.id);
    return store.clear_journal(**lock, credential.id);
}

Result<void> preflight(CredentialStore& store, const CredentialId& id) {
    const auto lock = store.lock(id, at_most(login_lock_wait));
    if (!lock) return lock.failure();
    const auto reservation = store.reserve(**lock, id);
    return reservation ? Result<void>() : reservation.failure();
}

Result<LoggedOut> remove_login(CredentialStore& store,
                               const CredentialId& id,
                               const Patience& patience) {
    auto short_patience = at_most(logout_lock_wait);
    short_patience.deadline = std::min(short_patience.deadline, patience.deadline);
    const auto lock = store.lock(id, short_patience);
    if (!lock) log::info("auth", lock.error().message + "; logging out without the lock");
    const auto before = store.load(id);
    const auto raised = next_generation(store, id, before ? *before : std::nullopt);
    if (!raised) log::warning("auth", raised.error().message + ": " + raised.error().reason);
    // Again: a refresh may have stored its result just before the generation rose.
    auto latest = store.load(id);
    const auto removed = store.force_remove(id);
    if (!removed) return removed.failure();
    LoggedOut out = {.removed = *removed};
    if (latest && *latest) out.credential = std::move(**latest);
    return out;
}

}  // namespace handover::auth
