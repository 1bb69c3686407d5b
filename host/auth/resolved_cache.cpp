#include "auth/resolved_cache.hpp"

#include <time.h>

#include <algorithm>
#include <utility>

namespace handover::auth {
namespace {

constexpr std::int64_t look_every_ns = 1'000'000'000;

// A few milliseconds of precision for a fifth of the price.
std::int64_t coarse_now_ns() {
    timespec now = {};
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

bool same_target(const Target& left, const Target& right) {
    return left.provider == right.provider && left.account == right.account &&
           left.auth_method == right.auth_method &&
           left.manifest_env_applies == right.manifest_env_applies &&
           left.origins == right.origins && left.config_env == right.config_env &&
           left.methods == right.methods;
}

}  // namespace

CachedPtr ResolvedCache::find(const Target& target) const {
    const auto table = table_.load();
    for (const auto& entry : *table) {
        if (same_target(entry->target, target)) return entry;
    }
    return nullptr;
}

void ResolvedCache::put(std::shared_ptr<CachedResolution> entry) {
    entry->next_look_ns = coarse_now_ns() + look_every_ns;
    const CredentialId id = {entry->target.provider, entry->target.account};
    replace(id, std::move(entry));
}

void ResolvedCache::forget(const CredentialId& id) {
    replace(id, nullptr);
}

void ResolvedCache::replace(const CredentialId& id, CachedPtr entry) {
    const std::lock_guard guard(writing_);
    auto table = std::make_shared<Table>(*table_.load());
    std::erase_if(*table, [&](const CachedPtr& other) {
        return other->target.provider == id.provider && other->target.account == id.account;
    });
    if (entry != nullptr) table->push_back(std::move(entry));
    table_.store(std::move(table));
}

bool ResolvedCache::claim_look(const CachedResolution& entry) {
    const auto now = coarse_now_ns();
    auto due = entry.next_look_ns.load(std::memory_order_relaxed);
    return now >= due && entry.next_look_ns.compare_exchange_strong(due, now + look_every_ns);
}

}  // namespace handover::auth
