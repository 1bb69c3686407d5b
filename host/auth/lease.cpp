#include "auth/lease.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "auth/lease_queue.hpp"
#include "auth/turnstile.hpp"
#include "crypto/crypto.hpp"
#include "platform/signals.hpp"

namespace handover::auth {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr auto told_after = std::chrono::seconds(2);

// Where a thread waits for what the queue calls back with.
class Answer {
public:
    void take(Result<Lease> result) {
        const std::lock_guard guard(mutex_);
        result_ = std::move(result);
        changed_.notify_all();
    }
    void long_wait(std::optional<long> holder) {
        const std::lock_guard guard(mutex_);
        told_ = true;
        holder_ = holder;
        changed_.notify_all();
    }

    Result<Lease> wait(const std::function<void(std::optional<long>)>& waiting) {
        std::unique_lock guard(mutex_);
        changed_.wait(guard, [this] { return result_ || told_; });
        if (!result_) {
            guard.unlock();
            waiting(holder_);
            guard.lock();
            changed_.wait(guard, [this] { return result_.has_value(); });
        }
        return std::move(*result_);
    }

private:
    std::mutex mutex_;  // guards the rest
    std::condition_variable changed_;
    std::optional<Result<Lease>> result_ = {};
    bool told_ = false;
    std::optional<long> holder_ = {};
};

}  // namespace

class LeaseTable::Impl {
public:
    explicit Impl(std::filesystem::path folder) : folder_(std::move(folder)) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        clock_ = {};
        for (const auto& queue : queues()) queue->close();
    }

    void join(const std::shared_ptr<LeaseQueue>& queue, LeaseWait wait) {
        const auto waiter = std::make_shared<LeaseWaiter>();
        waiter->done = std::move(wait.done);
        waiter->waiting = std::move(wait.waiting);
        waiter->deadline = wait.patience.deadline;
        waiter->told_at = std::chrono::steady_clock::now() + told_after;
        const auto first_due =
            waiter->waiting ? std::min(waiter->told_at, waiter->deadline) : waiter->deadline;
        queue->join(waiter, wait.patience.stop, wait.most_waiting);
        remind_at(first_due);
    }

    std::filesystem::path stem_of(const std::string& subject) {
        return folder_ / crypto::hex(crypto::sha256(subject));
    }

    std::shared_ptr<LeaseQueue> queue_of(const std::string& subject) {
        const std::lock_guard guard(mutex_);
        if (const auto found = queues_.find(subject); found != queues_.end()) return found->second;
        return queues_.emplace(subject, std::make_shared<LeaseQueue>(stem_of(subject)))
            .first->second;
    }

private:
    std::vector<std::shared_ptr<LeaseQueue>> queues() {
        const std::lock_guard guard(mutex_);
        std::vector<std::shared_ptr<LeaseQueue>> all;
        for (const auto& [subject, queue] : queues_) all.push_back(queue);
        return all;
    }

    // Deadlines and long waits are the business of one thread, started with the first who waits.
    void remind_at(SteadyTime due) {
        if (due == SteadyTime::max()) return;
        const std::lock_guard guard(clock_mutex_);
        if (due >= next_) return;
        next_ = due;
        if (!clock_.joinable()) {
            const platform::SignalsBlocked blocked;
            clock_ = std::jthread([this](const std::stop_token& stop) { keep_time(stop); });
        }
        changed_.notify_all();
    }

    void keep_time(const std::stop_token& stop) {
        std::unique_lock guard(clock_mutex_);
        while (!stop.stop_requested()) {
            if (!wait_for_next(guard, stop)) continue;
            next_ = SteadyTime::max();
            guard.unlock();
            auto again = SteadyTime::max();
            for (const auto& queue : queues())
                again = std::min(again, queue->remind(std::chrono::steady_clock::now()));
            guard.lock();
            next_ = std::min(next_, again);
        }
    }

    // False: something came before it was due.
    bool wait_for_next(std::unique_lock<std::mutex>& guard, const std::stop_token& stop) {
        const auto due = next_;
        const auto earlier = [&] { return next_ != due; };
        if (due == SteadyTime::max()) {
            (void)changed_.wait(guard, stop, earlier);
            return false;
        }
        return !changed_.wait_until(guard, stop, due, earlier) && !stop.stop_requested();
    }

    const std::filesystem::path folder_;
    std::mutex mutex_;                                           // guards queues_
    std::map<std::string, std::shared_ptr<LeaseQueue>> queues_;  // few: one per account in use
    std::mutex clock_mutex_;                                     // guards next_
    std::condition_variable_any changed_;
    SteadyTime next_ = SteadyTime::max();
    std::jthread clock_;
};

LeaseTable::LeaseTable(std::filesystem::path folder)
    : impl_(std::make_unique<Impl>(std::move(folder))) {}
LeaseTable::~LeaseTable() = default;

Result<Lease> LeaseTable::take(const std::string& subject,
                               const Patience& patience,
                               const std::function<void(std::optional<long> holder)>& waiting) {
    const auto queue = impl_->queue_of(subject);
    auto now = queue->take_now();
    if (!now) return std::move(now).failure();
    if (*now) return *std::move(*now);
    const auto answer = std::make_shared<Answer>();
    std::function<void(std::optional<long>)> long_wait;
    if (waiting) long_wait = [answer](std::optional<long> holder) { answer->long_wait(holder); };
    impl_->join(queue,
                {.patience = patience,
                 .done = [answer](Result<Lease> result) { answer->take(std::move(result)); },
                 .waiting = std::move(long_wait)});
    return answer->wait(waiting);
}

void LeaseTable::take_async(const std::string& subject, LeaseWait wait) {
    const auto queue = impl_->queue_of(subject);
    auto now = queue->take_now();
    if (!now) return wait.done(std::move(now).failure());
    if (*now) return wait.done(*std::move(*now));
    impl_->join(queue, std::move(wait));
}

Result<std::optional<Lease>> LeaseTable::take_now(const std::string& subject) {
    return impl_->queue_of(subject)->take_now();
}

std::size_t LeaseTable::waiting(const std::string& subject) {
    return impl_->queue_of(subject)->waiting();
}

std::optional<long> LeaseTable::holder(const std::string& subject) {
    return lease_holder(impl_->stem_of(subject));
}

}  // namespace handover::auth
