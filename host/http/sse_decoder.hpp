// Server-sent events from bytes, however they are cut (WHATWG HTML, "Server-sent events",
// section 9.2.6). Bytes in, events out; no I/O.
#pragma once

#include <handover/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace handover::http {

// Views into the decoder: valid until its next feed() or next().
struct SseEvent {
    std::string_view type = {};  // empty: "message"
    std::string_view data = {};
    std::string_view id = {};  // the last id seen, not only this event's
};

// Of a stream with such an event.
Error event_too_long(std::size_t max_event);

class SseDecoder {
public:
    // An image in a response.completed event is some megabytes of base64.
    static constexpr std::size_t default_max_event = 64U << 20U;

    explicit SseDecoder(std::size_t max_event = default_max_event) : max_event_(max_event) {}

    void feed(std::string_view bytes);

    // The next whole event; nothing where more bytes are needed. PROVIDER_UNAVAILABLE, from then on
    // always, once an event is longer than the limit. What stands after the last blank line when
    // the stream ends is no event.
    Result<std::optional<SseEvent>> next();

    // The reconnection time the stream asked for, if it did.
    [[nodiscard]] std::optional<unsigned long> retry_milliseconds() const { return retry_; }

private:
    bool skip_byte_order_mark();
    bool take_event();
    std::optional<std::string_view> next_line();
    void take_field(std::string_view line);
    void take(std::string_view name, std::string_view value);

    std::size_t max_event_;
    std::string buffer_ = {};
    std::size_t line_start_ = 0;  // the first byte not yet taken
    std::size_t scanned_ = 0;     // no line end stands before here
    bool at_stream_start_ = true;
    bool skip_line_feed_ =
        false;                 // the last line ended with CR: an LF right after it belongs to it
    bool dispatched_ = false;  // the fields below belong to the event handed out last
    bool has_data_ = false;
    bool too_long_ = false;
    std::string type_ = {};
    std::string data_ = {};
    std::string id_ = {};
    std::optional<unsigned long> retry_ = {};
};

}  // namespace handover::http
