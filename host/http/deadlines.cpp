#include "http/deadlines.hpp"

#include <algorithm>

namespace handover::http {

void Deadlines::begin(SteadyTime now) {
    if (limits_.total) total_due_ = now + *limits_.total;
    enter(Ending::connect_timeout, now);
}

void Deadlines::enter(Ending phase, SteadyTime now) {
    phase_ = phase;
    const auto at_most = limit(phase);
    phase_due_ = at_most ? std::optional(now + *at_most) : std::nullopt;
}

void Deadlines::resume(SteadyTime now) {
    suspended_ = false;
    if (phase_ != Ending::connect_timeout) enter(phase_, now);
}

std::optional<SteadyTime> Deadlines::phase_due() const {
    const bool waits_for_bytes = phase_ != Ending::connect_timeout;
    return suspended_ && waits_for_bytes ? std::nullopt : phase_due_;
}

std::optional<SteadyTime> Deadlines::due() const {
    const auto phase = phase_due();
    if (!phase) return total_due_;
    if (!total_due_) return phase;
    return std::min(*phase, *total_due_);
}

Ending Deadlines::due_ending() const {
    const auto phase = phase_due();
    const bool total = total_due_ && (!phase || *total_due_ <= *phase);
    return total ? Ending::total_timeout : phase_;
}

std::optional<std::chrono::milliseconds> Deadlines::limit(Ending ending) const {
    switch (ending) {
        case Ending::connect_timeout:
            return limits_.connect;
        case Ending::first_byte_timeout:
            return limits_.first_byte;
        case Ending::idle_timeout:
            return limits_.idle;
        case Ending::total_timeout:
            return limits_.total;
        default:
            return std::nullopt;
    }
}

std::chrono::milliseconds Deadlines::limit_of(Ending ending) const {
    return limit(ending).value_or(std::chrono::milliseconds(0));
}

}  // namespace handover::http
