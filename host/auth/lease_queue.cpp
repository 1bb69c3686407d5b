#include "auth/lease_queue.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace handover::auth {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

Failure cancelled() {
    return fail(
        {.code = Errc::auth_cancelled, .message = "cancelled while waiting for another request"});
}

Failure too_late(std::optional<long> holder) {
    return fail(
        {.code = Errc::provider_unavailable,
         .message =
             "the subscription runs one request at a time, and its turn did not come in time",
         .reason = holder ? "process " + std::to_string(*holder) + " has one in flight"
                          : "another one is in flight",
         .fix = "wait for it to finish, or allow a longer time"});
}

Failure line_is_full() {
    return fail({.code = Errc::provider_rate_limited,
                 .message = "too many requests are waiting for this subscription, which runs one "
                            "at a time",
                 .reason = {},
                 .fix = "try again later"});
}

class HeldLease final : public Lease::Held {
public:
    explicit HeldLease(std::shared_ptr<LeaseQueue> queue) : queue_(std::move(queue)) {}
    HeldLease(const HeldLease&) = delete;
    HeldLease& operator=(const HeldLease&) = delete;
    ~HeldLease() override { queue_->release(); }

private:
    std::shared_ptr<LeaseQueue> queue_;
};

}  // namespace

Result<std::optional<Lease>> LeaseQueue::take_now() {
    {
        const std::lock_guard guard(mutex_);
        if (taken_ || closed_) return std::optional<Lease>();
        taken_ = true;
    }
    const auto passed = turnstile_.try_pass();
    if (passed && *passed) {
        {
            const std::lock_guard guard(mutex_);
            held_ = true;
        }
        return std::optional(Lease(std::make_unique<HeldLease>(shared_from_this())));
    }
    serve();  // whoever came meanwhile
    if (!passed) return passed.failure();
    return std::optional<Lease>();
}

void LeaseQueue::join(const std::shared_ptr<LeaseWaiter>& waiter,
                      const std::stop_token& stop,
                      std::size_t most_waiting) {
    const auto place = stand_last(waiter, most_waiting);
    if (place == Place::none) return waiter->done(cancelled());
    if (place == Place::full) return waiter->done(line_is_full());
    if (stop.stop_possible()) {
        waiter->on_stop.emplace(stop, [queue = weak_from_this(), watched = std::weak_ptr(waiter)] {
            const auto self = watched.lock();
            const auto here = queue.lock();
            if (self && here && here->withdraw(*self)) self->done(cancelled());
        });
    }
    if (place == Place::first) serve();
}

LeaseQueue::Place LeaseQueue::stand_last(const std::shared_ptr<LeaseWaiter>& waiter,
                                         std::size_t most_waiting) {
    const std::lock_guard guard(mutex_);
    if (closed_) return Place::none;
    if (taken_ && line_.size() >= most_waiting) return Place::full;
    line_.push_back(waiter);
    return std::exchange(taken_, true) ? Place::behind : Place::first;
}

std::size_t LeaseQueue::waiting() const {
    const std::lock_guard guard(mutex_);
    return line_.size();
}

SteadyTime LeaseQueue::remind(SteadyTime now) {
    std::vector<std::shared_ptr<LeaseWaiter>> late;
    std::vector<std::shared_ptr<LeaseWaiter>> patient;
    auto again = SteadyTime::max();
    bool held_here = false;
    {
        const std::lock_guard guard(mutex_);
        held_here = held_;
        for (const auto& waiter : line_) {
            if (waiter->deadline <= now) {
                late.push_back(waiter);
                continue;
            }
            const bool untold = waiter->waiting && !waiter->told;
            if (untold && waiter->told_at <= now) {
                waiter->told = true;
                patient.push_back(waiter);
            }
            again = std::min(again, untold && !waiter->told ? waiter->told_at : waiter->deadline);
            again = std::min(again, waiter->deadline);
        }
        std::erase_if(line_, [&](const auto& waiter) { return waiter->deadline <= now; });
    }
    if (late.empty() && patient.empty()) return again;
    const auto who = holder(held_here);
    for (const auto& waiter : patient) waiter->waiting(who);
    for (const auto& waiter : late) waiter->done(too_late(who));
    return again;
}

void LeaseQueue::release() {
    // The file first: so that other processes have their turn before the next of ours.
    turnstile_.leave();
    {
        const std::lock_guard guard(mutex_);
        held_ = false;
        taken_ = !line_.empty();
        if (!taken_) return;
    }
    serve();
}

void LeaseQueue::close() {
    std::deque<std::shared_ptr<LeaseWaiter>> line;
    {
        const std::lock_guard guard(mutex_);
        closed_ = true;
        line = std::exchange(line_, {});
        changed_.notify_all();
    }
    for (const auto& waiter : line) waiter->done(cancelled());
    thread_.reset();
}

std::shared_ptr<LeaseWaiter> LeaseQueue::next() {
    const std::lock_guard guard(mutex_);
    if (line_.empty()) return nullptr;
    auto waiter = std::move(line_.front());
    line_.pop_front();
    return waiter;
}

bool LeaseQueue::withdraw(const LeaseWaiter& waiter) {
    const std::lock_guard guard(mutex_);
    return std::erase_if(line_, [&](const auto& other) { return other.get() == &waiter; }) > 0;
}

// Requires that taken_ was set for the caller; `passed`: the turnstile has been tried. A lease that
// is given back from within a callback is handed on after it: a long line of quick holders is a
// loop, not a deep stack.
void LeaseQueue::serve(const Result<bool>* passed) {
    thread_local std::vector<std::shared_ptr<LeaseQueue>>* later = nullptr;
    if (later != nullptr) {
        later->push_back(shared_from_this());
        return;
    }
    std::vector<std::shared_ptr<LeaseQueue>> queues;
    later = &queues;
    if (passed == nullptr || !give(*passed)) queues.push_back(shared_from_this());
    while (!queues.empty()) {
        const auto queue = std::move(queues.back());
        queues.pop_back();
        queue->serve_line();
    }
    later = nullptr;
}

void LeaseQueue::serve_line() {
    while (anybody()) {
        const auto passed = turnstile_.try_pass();
        if (passed && !*passed) return block();
        if (give(passed)) return;
    }
}

// Whether somebody stands in line; else the lease is free for all.
bool LeaseQueue::anybody() {
    const std::lock_guard guard(mutex_);
    taken_ = !line_.empty();
    return taken_;
}

// False: it is to be taken once more.
bool LeaseQueue::give(const Result<bool>& passed) {
    const auto waiter = next();
    if (!waiter) {
        if (passed) turnstile_.leave();
        return false;
    }
    if (!passed) {
        waiter->done(passed.failure());
        return false;
    }
    {
        const std::lock_guard guard(mutex_);
        held_ = true;
    }
    waiter->done(Lease(std::make_unique<HeldLease>(shared_from_this())));
    return true;
}

void LeaseQueue::block() {
    const std::lock_guard guard(mutex_);
    if (closed_) return;
    wanted_ = true;
    if (!thread_) {
        thread_ = std::make_unique<LockThread>([this](LockThread& self) { stand_in_line(self); });
    }
    changed_.notify_all();
}

void LeaseQueue::stand_in_line(LockThread& thread) {
    for (;;) {
        {
            std::unique_lock guard(mutex_);
            changed_.wait(guard, [this] { return wanted_ || closed_; });
            if (closed_) return;
            wanted_ = false;
        }
        const auto passed = turnstile_.pass(thread);
        if (passed && !*passed) return;
        serve(&passed);
    }
}

std::optional<long> LeaseQueue::holder(bool held_here) const {
    return held_here ? getpid() : lease_holder(stem_);
}

}  // namespace handover::auth
