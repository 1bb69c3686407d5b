#include "gateway/request_slots.hpp"

#include <algorithm>
#include <utility>

namespace handover::gateway {

void RequestSlots::allow(std::optional<int> most) {
    Calls calls;
    {
        const std::lock_guard guard(mutex_);
        most_.store(most.value_or(no_bound), std::memory_order_relaxed);
        calls = serve_line();
    }
    for (const auto& wake : calls) wake();
}

std::size_t RequestSlots::waiting() const {
    const std::lock_guard guard(mutex_);
    return line_.size();
}

RequestSlots::Calls RequestSlots::serve_line() {
    Calls calls;
    while (!line_.empty() && in_flight_ < most()) {
        auto* const first = line_.front();
        line_.pop_front();
        ++in_flight_;
        first->state_ = Turn::State::has_slot;
        calls.push_back(std::move(first->wake_));
    }
    return calls;
}

Turn::Place Turn::take(std::size_t most_waiting, std::function<void()> wake) {
    const std::lock_guard guard(slots_->mutex_);
    // Nobody overtakes: where somebody waits no slot is free.
    if (slots_->in_flight_ < slots_->most()) {
        ++slots_->in_flight_;
        state_ = State::has_slot;
        return Place::has_slot;
    }
    if (slots_->line_.size() >= most_waiting) return Place::line_is_full;
    wake_ = std::move(wake);
    state_ = State::in_line;
    slots_->line_.push_back(this);
    return Place::in_line;
}

bool Turn::has_slot() const {
    const std::lock_guard guard(slots_->mutex_);
    return state_ == State::has_slot;
}

Turn::~Turn() {
    RequestSlots::Calls calls;
    {
        const std::lock_guard guard(slots_->mutex_);
        if (state_ == State::in_line) std::erase(slots_->line_, this);
        if (state_ == State::has_slot) {
            --slots_->in_flight_;
            calls = slots_->serve_line();
        }
    }
    for (const auto& wake : calls) wake();
}

std::shared_ptr<RequestSlots> SlotTable::of(const std::string& provider) {
    const std::lock_guard guard(mutex_);
    auto& slots = slots_[provider];
    if (slots == nullptr) slots = std::make_shared<RequestSlots>();
    return slots;
}

void SlotTable::allow(const std::map<std::string, int>& most) {
    for (const auto& [name, bound] : most) of(name)->allow(bound);
    std::map<std::string, std::shared_ptr<RequestSlots>> all;
    {
        const std::lock_guard guard(mutex_);
        all = slots_;
    }
    for (const auto& [name, slots] : all) {
        if (!most.contains(name)) slots->allow({});
    }
}

}  // namespace handover::gateway
