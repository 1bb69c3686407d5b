#include "run/attempt.hpp"

#include <algorithm>
#include <utility>

namespace handover::run {
namespace {

constexpr std::size_t most_error_body = 1U << 20U;  // what the ABI promises to `classify`

bool is_good(int status) {
    return status >= 200 && status < 300;
}

}  // namespace

bool is_event_stream(const http::ResponseHead& head) {
    constexpr std::string_view wanted = "text/event-stream";
    const auto type =
        http::find_header(head.headers, "content-type").value_or("").substr(0, wanted.size());
    return http::same_name(type, wanted);
}

http::ResponseHandler Attempt::receiver() {
    return {
        .on_head =
            [this](const http::ResponseHead& head) {
                head_ = head;
                const auto preamble = handler_.hold_preamble ? StreamGate::Preamble::waits
                                                             : StreamGate::Preamble::passes;
                if (is_good(head.status) && is_event_stream(head)) gate_.emplace(preamble);
            },
        .on_body = [this](std::string_view bytes) { return take(bytes); },
        .on_settled =
            [this] {
                if (handler_.on_settled) handler_.on_settled();
            },
        .flow = handler_.flow,
    };
}

void Attempt::finish(http::StreamEnd end) {
    end_ = std::move(end);
    // A stream that ended before it said anything, or an answer without a body.
    const bool failed = gate_ && gate_->state() == StreamGate::State::failed;
    if (end_.delivery == http::Delivery::answered && is_good(head_.status) && !failed) open();
}

bool Attempt::succeeded() const {
    return end_.delivery == http::Delivery::answered && is_good(head_.status) && !failed_answer();
}

std::optional<http::Response> Attempt::failed_answer() const {
    if (head_.status >= 300)
        return http::Response{
            .status = head_.status, .headers = head_.headers, .body = error_body_};
    if (gate_ && gate_->state() == StreamGate::State::failed) {
        return http::Response{.status = 0, .headers = head_.headers, .body = gate_->failure()};
    }
    return std::nullopt;
}

bool Attempt::take(std::string_view bytes) {
    if (!is_good(head_.status)) {
        error_body_.append(bytes.substr(0, most_error_body - error_body_.size()));
        return error_body_.size() < most_error_body;
    }
    if (gate_ && gate_->state() != StreamGate::State::open) return take_gated(bytes);
    return hand_over(bytes);
}

bool Attempt::take_gated(std::string_view bytes) {
    switch (gate_->feed(bytes)) {
        case StreamGate::State::holding:
            return true;
        case StreamGate::State::failed:
            return false;  // nothing more is wanted of this answer
        case StreamGate::State::open:
            break;
    }
    return open();
}

// The head and what was held back.
bool Attempt::open() {
    const auto held = gate_ ? gate_->take_held() : std::string();
    if (handed_over_ && held.empty()) return true;
    return hand_over(held);
}

bool Attempt::hand_over(std::string_view bytes) {
    if (!handed_over_ && handler_.on_head) handler_.on_head(head_);
    handed_over_ = true;
    return bytes.empty() || !handler_.on_body || handler_.on_body(bytes);
}

}  // namespace handover::run
