#include "auth/background_refresh.hpp"

#include <algorithm>
#include <utility>

#include "platform/signals.hpp"

namespace handover::auth {
namespace {

// Logins and logouts of other processes are seen by requests within a second; where there are none,
// within this. It also bounds what a clock that was set can do.
constexpr auto longest_sleep = std::chrono::seconds(60);
constexpr auto rest_after_failure = std::chrono::seconds(5);

}  // namespace

void BackgroundRefresh::add(const TargetPtr& target) {
    const std::lock_guard guard(mutex_);
    if (stopped_) return;
    if (auto* const known = find({target->provider, target->account}); known != nullptr) {
        *known = {.target = target};
    } else {
        tended_.push_back({.target = target});
    }
    woken_ = true;
    if (!thread_.joinable()) {
        const platform::SignalsBlocked blocked;
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
    changed_.notify_all();
}

void BackgroundRefresh::wake(const CredentialId& id) {
    const std::lock_guard guard(mutex_);
    auto* const found = find(id);
    if (found == nullptr) return;
    found->next = found->not_before;
    woken_ = true;
    changed_.notify_all();
}

void BackgroundRefresh::rest(const CredentialId& id) {
    const std::lock_guard guard(mutex_);
    if (auto* const found = find(id); found != nullptr)
        found->not_before = std::chrono::steady_clock::now() + rest_after_failure;
}

void BackgroundRefresh::stop() {
    std::jthread ended;
    {
        const std::lock_guard guard(mutex_);
        stopped_ = true;
        ended = std::move(thread_);
    }
}

void BackgroundRefresh::run(const std::stop_token& stop) {
    std::unique_lock guard(mutex_);
    while (!stop.stop_requested()) {
        auto* const due = first_due();
        // A copy: the wait gives the mutex up, and `due` may move when a target is added.
        const auto next = due->next;
        if (next > std::chrono::steady_clock::now()) {
            (void)changed_.wait_until(guard, stop, next, [this] { return woken_; });
            woken_ = false;
            continue;
        }
        const auto target = due->target;
        due->next = SteadyTime::max();  // unless it is woken meanwhile
        guard.unlock();
        const auto pause = std::clamp<Milliseconds>(tend_(target), Milliseconds(10), longest_sleep);
        guard.lock();
        auto* const again = find({target->provider, target->account});
        again->next = std::max(again->not_before,
                               std::min(again->next, std::chrono::steady_clock::now() + pause));
    }
}

// Requires mutex_, and that there is one.
BackgroundRefresh::Tended* BackgroundRefresh::first_due() {
    return &*std::min_element(tended_.begin(), tended_.end(), [](const auto& a, const auto& b) {
        return a.next < b.next;
    });
}

// Requires mutex_.
BackgroundRefresh::Tended* BackgroundRefresh::find(const CredentialId& id) {
    const auto found = std::find_if(tended_.begin(), tended_.end(), [&](const Tended& tended) {
        return tended.target->provider == id.provider && tended.target->account == id.account;
    });
    return found == tended_.end() ? nullptr : &*found;
}

}  // namespace handover::auth
