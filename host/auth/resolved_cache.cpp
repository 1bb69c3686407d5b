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

std::uint64_t new_version() {
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

bool same_target(const Target& left, const Target& right) {
    if (&left == &right) return true;
    return left.provider == right.provider && left.account == right.account &&
           left.auth_method == right.auth_method &&
           left.manifest_env_applies == right.manifest_env_applies &&
           left.origins == right.origins && left.config_env == right.config_env &&
           left.methods == right.methods;
}

}  // namespace

ResolvedCache::ResolvedCache() : version_(new_version()) {}

CachedPtr ResolvedCache::find(const Target& target) const {
    const auto entries = table();
    for (const auto& entry : *entries) {
        if (same_target(*entry->target, target)) return entry;
    }
    return nullptr;
}

void ResolvedCache::put(const Target& target, std::shared_ptr<CachedResolution> entry) {
    entry->target = kept(target);
    if (!entry->target) entry->target = std::make_shared<const Target>(target);
    entry->next_look_ns = coarse_now_ns() + look_every_ns;
    replace({target.provider, target.account}, std::move(entry));
}

void ResolvedCache::forget(const CredentialId& id) {
    replace(id, nullptr);
}

TargetPtr ResolvedCache::keep(Target target) {
    if (auto known = kept(target)) return known;
    auto added = std::make_shared<const Target>(std::move(target));
    forget({added->provider, added->account});  // it is known by another address
    const std::lock_guard guard(mutex_);
    kept_.push_back(added);
    return added;
}

TargetPtr ResolvedCache::kept(const Target& target) const {
    const std::lock_guard guard(mutex_);
    for (const auto& known : kept_) {
        if (same_target(*known, target)) return known;
    }
    return nullptr;
}

// What each thread saw last is remembered without being kept alive: a token that was replaced goes
// when its last user has gone.
std::shared_ptr<const ResolvedCache::Table> ResolvedCache::table() const {
    struct Seen {
        std::uint64_t version = 0;
        std::weak_ptr<const Table> table = {};
    };
    thread_local Seen seen;
    const auto version = version_.load(std::memory_order_acquire);
    if (seen.version == version) {
        if (auto known = seen.table.lock()) return known;
    }
    const std::lock_guard guard(mutex_);
    seen = {.version = version_.load(std::memory_order_relaxed), .table = table_};
    return table_;
}

void ResolvedCache::replace(const CredentialId& id, CachedPtr entry) {
    const std::lock_guard guard(mutex_);
    auto table = std::make_shared<Table>(*table_);
    std::erase_if(*table, [&](const CachedPtr& other) {
        return other->target->provider == id.provider && other->target->account == id.account;
    });
    if (entry != nullptr) table->push_back(std::move(entry));
    table_ = std::move(table);
    version_.store(new_version(), std::memory_order_release);
}

bool ResolvedCache::claim_look(const CachedResolution& entry) {
    const auto now = coarse_now_ns();
    auto due = entry.next_look_ns.load(std::memory_order_relaxed);
    return now >= due && entry.next_look_ns.compare_exchange_strong(due, now + look_every_ns);
}

}  // namespace handover::auth
