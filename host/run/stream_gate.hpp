// Holds the beginning of an event stream back until it is known to be an answer: a failure in its
// first event is then still free to be retried. After that nothing is looked at any more. Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/sse_decoder.hpp"

namespace handover::run {

class StreamGate {
public:
    enum class Preamble { passes, waits };
    enum class State { holding, open, failed };

    // `waits`: the events that open every Responses stream are held as well, so that a failure
    // right after them can be retried.
    explicit StreamGate(Preamble preamble) : preamble_(preamble) {}

    // Open: hand over what take_held() gives, then everything that follows as it comes.
    State feed(std::string_view bytes);
    [[nodiscard]] State state() const { return state_; }
    std::string take_held();
    [[nodiscard]] const std::string& failure() const {
        return failure_;
    }  // the failed event's data

private:
    State judge(const http::SseEvent& event);

    Preamble preamble_;
    State state_ = State::holding;
    http::SseDecoder decoder_{};
    std::string held_ = {};
    std::string failure_ = {};
};

}  // namespace handover::run
