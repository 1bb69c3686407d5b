#include "run/chat_calls.hpp"

namespace handover::run {
namespace {

bool contradict(std::string_view a, std::string_view b) {
    return !a.empty() && !b.empty() && a != b;
}

}  // namespace

bool CallSlots::is_of(const Slot& slot, const CallFragment& fragment) {
    if (contradict(slot.id, fragment.id)) return false;
    if (!fragment.index && !fragment.id.empty()) return slot.id == fragment.id;
    if (fragment.index && slot.index != fragment.index) return false;
    // Without ids a second name is all that tells a call from the next.
    return !slot.id.empty() || !fragment.id.empty() || !contradict(slot.name, fragment.name);
}

// The number of slots where it begins a call.
std::size_t CallSlots::find(const CallFragment& fragment) const {
    const bool only_the_last = !fragment.index && fragment.id.empty();
    for (auto at = slots_.size(); at > 0; --at) {
        if (is_of(slots_[at - 1], fragment)) return at - 1;
        if (only_the_last) break;
    }
    return slots_.size();
}

std::size_t CallSlots::slot_of(const CallFragment& fragment) {
    const auto at = find(fragment);
    if (at == slots_.size()) slots_.push_back({.index = fragment.index});
    auto& slot = slots_[at];
    if (slot.id.empty()) slot.id = fragment.id;
    if (slot.name.empty()) slot.name = fragment.name;
    return at;
}

}  // namespace handover::run
