#include "auth/unsaved_logins.hpp"

#include <utility>
#include <vector>

#include "auth/authority.hpp"
#include "log/log.hpp"

namespace handover::auth {

void UnsavedLogins::keep(const RefreshWork& work,
                         const Credential& replaced,
                         const RefreshResult& result) {
    const std::lock_guard guard(mutex_);
    unsaved_[work.id] = {.credential = *result.credential,
                         .replaces = replaced.access_token,
                         .generation = *result.unsaved_generation,
                         .method = work.method};
}

std::optional<Credential> UnsavedLogins::find(const CredentialId& id) {
    const std::lock_guard guard(mutex_);
    const auto found = unsaved_.find(id);
    return found == unsaved_.end() ? std::nullopt : std::optional(found->second.credential);
}

bool UnsavedLogins::save(const CredentialId& id) {
    Unsaved left;
    {
        const std::lock_guard guard(mutex_);
        const auto found = unsaved_.find(id);
        if (found == unsaved_.end()) return true;
        left = found->second;
    }
    const auto lock = services_.store->lock(
        id, {.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2)});
    if (!lock || !store(id, left, **lock)) return false;
    const std::lock_guard guard(mutex_);
    unsaved_.erase(id);
    return true;
}

bool UnsavedLogins::store(const CredentialId& id, const Unsaved& left, const CredentialLock& lock) {
    auto& store = *services_.store;
    const auto current = store.load_locked(lock, id);
    const auto stored_token = current && *current ? (*current)->access_token : left.replaces;
    // Ours may be there although the folder could not be synced: then it is stored once more.
    if (!(stored_token == left.replaces) && !(stored_token == left.credential.access_token))
        return true;
    const auto stored = store.store_if_unchanged(lock, left.credential, left.generation, nullptr);
    if (!stored) return false;
    if (*stored == Stored::stored) {
        (void)store.raise_generation(id, left.credential.generation);
        (void)store.clear_journal(lock, id);
        store.clear_record(lock, id);
        log::warning("auth", "the new login of " + id.provider + " is stored now");
    } else {
        (void)revoke_tokens(left.method, left.credential, services_.discovery(), {});
    }
    return true;
}

void UnsavedLogins::save_all() {
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
