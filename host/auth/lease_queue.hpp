// One subscription's subject in this process: who waits for its lease, in the order of arrival. No
// thread stands behind a waiter: whoever gives the lease back hands it to the next, and one thread
// for all of them blocks in the kernel while another process is in the way.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "auth/broker.hpp"
#include "auth/turnstile.hpp"

namespace handover::auth {

struct LeaseWaiter {
    std::function<void(Result<Lease>)> done = {};  // called once
    std::function<void(std::optional<long> holder)> waiting = {};
    std::chrono::steady_clock::time_point deadline = {};
    std::chrono::steady_clock::time_point told_at = {};  // when to call `waiting`; once
    bool told = false;                                   // guarded by the queue
    std::optional<std::stop_callback<std::function<void()>>> on_stop = {};
};

// Thread-safe. Calls back with no lock held.
class LeaseQueue : public std::enable_shared_from_this<LeaseQueue> {
public:
    explicit LeaseQueue(const std::filesystem::path& stem) : stem_(stem), turnstile_(stem) {}
    LeaseQueue(const LeaseQueue&) = delete;
    LeaseQueue& operator=(const LeaseQueue&) = delete;
    ~LeaseQueue() { close(); }

    // Nothing if somebody has the lease or waits for it, here or elsewhere.
    Result<std::optional<Lease>> take_now();
    // Stands in line: `waiter.done` may be called before this returns. Where `most_waiting` others
    // stand there already, it is called with PROVIDER_RATE_LIMITED.
    void join(const std::shared_ptr<LeaseWaiter>& waiter,
              const std::stop_token& stop,
              std::size_t most_waiting);
    [[nodiscard]] std::size_t waiting() const;
    // Ends the waits whose deadline is over, tells those that last long, and says when to be called
    // again.
    std::chrono::steady_clock::time_point remind(std::chrono::steady_clock::time_point now);
    // Gives the lease back, to the next in line if there is one.
    void release();
    // Ends all waits and the thread. Leases that are out stay valid.
    void close();

private:
    enum class Place { none, full, first, behind };

    Place stand_last(const std::shared_ptr<LeaseWaiter>& waiter, std::size_t most_waiting);
    std::shared_ptr<LeaseWaiter> next();
    bool withdraw(const LeaseWaiter& waiter);
    void serve(const Result<bool>* passed = nullptr);
    void serve_line();
    bool anybody();
    bool give(const Result<bool>& passed);
    void block();
    void stand_in_line(LockThread& thread);
    [[nodiscard]] std::optional<long> holder(bool held_here) const;

    const std::filesystem::path stem_;
    Turnstile turnstile_;       // of whoever has set taken_
    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::deque<std::shared_ptr<LeaseWaiter>> line_;  // not empty: taken_
    bool taken_ = false;   // the lease is out in this process, or being taken for it
    bool held_ = false;    // it is out
    bool wanted_ = false;  // the thread is to take it
    bool closed_ = false;
    std::unique_ptr<LockThread> thread_;  // once another process was in the way
};

}  // namespace handover::auth
