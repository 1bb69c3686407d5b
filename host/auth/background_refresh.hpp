// Looks after the credentials of a long-running process: on a thread of its own, so that no request
// waits for a refresh.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "auth/resolved_cache.hpp"

namespace handover::auth {

class BackgroundRefresh {
public:
    // Does what is due for a target without waiting for it, and says how long it can be left alone.
    using Tend = std::function<Milliseconds(const TargetPtr&)>;

    explicit BackgroundRefresh(Tend tend) : tend_(std::move(tend)) {}
    BackgroundRefresh(const BackgroundRefresh&) = delete;
    BackgroundRefresh& operator=(const BackgroundRefresh&) = delete;
    ~BackgroundRefresh() { stop(); }

    void add(const TargetPtr& target);
    // Something about the credential has changed: it is looked at now.
    void wake(const CredentialId& id);
    // A refresh failed: it is left alone for a moment, whoever wakes it.
    void rest(const CredentialId& id);
    // Returns when the thread has ended; nothing is tended any more.
    void stop();

private:
    using SteadyTime = std::chrono::steady_clock::time_point;
    struct Tended {
        TargetPtr target = {};
        SteadyTime next = {};
        SteadyTime not_before = {};
    };

    void run(const std::stop_token& stop);
    Tended* first_due();
    Tended* find(const CredentialId& id);

    const Tend tend_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable_any changed_;
    std::vector<Tended> tended_;
    bool woken_ = false;
    bool stopped_ = false;
    std::jthread thread_;  // started with the first target
};

}  // namespace handover::auth
