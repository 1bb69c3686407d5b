#include "run/stream_gate.hpp"

#include <utility>

#include "run/error_event.hpp"

namespace handover::run {
namespace {

constexpr std::size_t most_held =
    1U << 20U;  // codex repeats instructions and tools in response.created

}  // namespace

StreamGate::State StreamGate::feed(std::string_view bytes) {
    if (state_ != State::holding) return state_;
    held_.append(bytes);
    decoder_.feed(bytes);
    while (state_ == State::holding) {
        const auto event = decoder_.next();
        if (!event || held_.size() > most_held) return state_ = State::open;
        if (!*event) return state_;
        state_ = judge(**event);
    }
    return state_;
}

std::string StreamGate::take_held() {
    return std::exchange(held_, {});
}

StreamGate::State StreamGate::judge(const http::SseEvent& event) {
    if (is_error_event(event.type, event.data)) {
        failure_ = event.data;
        return State::failed;
    }
    const bool waits = preamble_ == Preamble::waits && is_preamble_event(event.type);
    return waits ? State::holding : State::open;
}

}  // namespace handover::run
