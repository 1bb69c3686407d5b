// A connection's bytes become requests, one after the other. No socket anywhere: bytes in, a state
// out (h11's discipline).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/chunked_body.hpp"
#include "gateway/request_head.hpp"

namespace handover::gateway {

struct ParserLimits {
    std::size_t longest_head = 32U << 10U;
    HeadLimits head = {};
};

class RequestParser {
public:
    enum class State {
        head,      // more bytes are needed
        judge,     // the head is there: say `take_body` or answer at once
        body,      // more bytes are needed
        complete,  // `reset` for the next one
        refused,   // answer `refusal` and close
    };

    explicit RequestParser(ParserLimits limits = {}) : limits_(limits) {}

    // Returns how many of the bytes were taken: all of them, unless the state changed.
    std::size_t feed(std::string_view bytes);
    [[nodiscard]] State state() const { return state_; }
    // Some of a request is there, but not all of it.
    [[nodiscard]] bool begun() const { return state_ != State::head || !text_.empty(); }

    [[nodiscard]] const RequestHead& head() const { return head_; }  // from `judge` on
    [[nodiscard]] const Refusal& refusal() const { return refusal_; }
    std::string& body() { return body_; }

    // From `judge`: the body follows, of at most so many bytes.
    void take_body(std::uint64_t most);
    void reset();

private:
    std::size_t feed_head(std::string_view bytes);
    std::size_t feed_body(std::string_view bytes);
    void end_line();
    void finish_head();
    void refuse(int status, std::string_view why);

    ParserLimits limits_;
    State state_ = State::head;
    std::string text_ = {};       // of the head
    std::size_t line_begin_ = 0;  // of the line that is being read
    bool skipped_line_ = false;
    RequestHead head_ = {};
    std::string body_ = {};
    std::uint64_t most_ = 0;
    ChunkedBody chunked_ = {};
    Refusal refusal_ = {};
};

}  // namespace handover::gateway
