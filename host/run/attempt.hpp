// One sending of a request: bytes go to the handler where the answer is good, are kept where it is
// a failure.
#pragma once

#include <optional>
#include <string>

#include "http/client.hpp"
#include "run/run.hpp"
#include "run/stream_gate.hpp"

namespace handover::run {

// True if the head announces server-sent events.
bool is_event_stream(const http::ResponseHead& head);

class Attempt {
public:
    // `handler` outlives it.
    explicit Attempt(const ExchangeHandler& handler) : handler_(handler) {}
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    // What the answer is given to as it arrives; refers to this object.
    [[nodiscard]] http::ResponseHandler receiver();
    // Once, when the sending is over; what follows is known then.
    void finish(http::StreamEnd end);

    // A good answer, whole and handed over.
    [[nodiscard]] bool succeeded() const;
    // Some byte of it reached the handler.
    [[nodiscard]] bool handed_over() const { return handed_over_; }
    // A status of 300 or more, or an event that reports a failure (status 0).
    [[nodiscard]] std::optional<http::Response> failed_answer() const;
    [[nodiscard]] const http::StreamEnd& end() const { return end_; }
    // Status 0: no answer began.
    [[nodiscard]] const http::ResponseHead& head() const { return head_; }

private:
    bool take(std::string_view bytes);
    bool take_gated(std::string_view bytes);
    bool hand_over(std::string_view bytes);
    bool open();

    const ExchangeHandler& handler_;
    http::StreamEnd end_ = {};
    http::ResponseHead head_ = {};
    std::string error_body_ = {};
    std::optional<StreamGate> gate_ = {};
    bool handed_over_ = false;
};

}  // namespace handover::run
