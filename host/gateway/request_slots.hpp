// How many requests of one metered provider are in flight in this process at once, across its
// loops: the config's `concurrency`. Who finds no slot stands in line, first come, first served.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "auth/broker.hpp"

namespace handover::gateway {

class Turn;

// One provider's. Thread-safe; wakes with no lock held.
class RequestSlots : public std::enable_shared_from_this<RequestSlots> {
public:
    RequestSlots() = default;
    RequestSlots(const RequestSlots&) = delete;
    RequestSlots& operator=(const RequestSlots&) = delete;

    // From now on so many, or without a bound; what is in flight goes on. Requests that were sent
    // while there was no bound are not counted.
    void allow(std::optional<int> most);
    [[nodiscard]] bool limited() const { return most_.load(std::memory_order_relaxed) != no_bound; }
    [[nodiscard]] int most() const { return most_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t waiting() const;

private:
    friend class Turn;
    static constexpr int no_bound = std::numeric_limits<int>::max();
    using Calls = std::deque<std::function<void()>>;

    Calls serve_line();  // requires mutex_

    mutable std::mutex mutex_;          // guards what follows, and the state of turns
    std::atomic<int> most_ = no_bound;  // set under the mutex
    int in_flight_ = 0;
    std::deque<Turn*> line_;
};

// One request's slot, or its place in the line; given back with it. Not to be moved, and used on
// one thread at a time.
class Turn final : public auth::Lease::Held {
public:
    enum class Place { has_slot, in_line, line_is_full };

    explicit Turn(std::shared_ptr<RequestSlots> slots) : slots_(std::move(slots)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() override;

    // Once. `wake` is called when it has got its slot, on any thread, and not after a `has_slot`
    // from here; it may come when this turn is gone.
    Place take(std::size_t most_waiting, std::function<void()> wake);
    [[nodiscard]] bool has_slot() const;

private:
    friend class RequestSlots;
    enum class State { outside, in_line, has_slot };

    std::shared_ptr<RequestSlots> slots_;
    std::function<void()> wake_ = {};
    State state_ = State::outside;  // guarded by the slots' mutex
};

// Those of all providers, by name: for as long as the process runs, whatever a reload changes.
class SlotTable {
public:
    std::shared_ptr<RequestSlots> of(const std::string& provider);
    // The config's bounds; who is not named has none.
    void allow(const std::map<std::string, int>& most);

private:
    std::mutex mutex_;  // guards slots_
    std::map<std::string, std::shared_ptr<RequestSlots>> slots_;
};

}  // namespace handover::gateway
