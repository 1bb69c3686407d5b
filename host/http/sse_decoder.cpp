#include "http/sse_decoder.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace handover::http {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// The first CR or LF at or after `from`; npos if there is none.
std::size_t find_line_end(std::string_view text, std::size_t from) {
    const auto feed = text.find('\n', from);
    const auto carriage = text.substr(0, feed).find('\r', from);
    return std::min(feed, carriage);
}

}  // namespace

void SseDecoder::feed(std::string_view bytes) {
    if (too_long_) return;
    buffer_.erase(0, line_start_);
    scanned_ -= line_start_;
    line_start_ = 0;
    buffer_.append(bytes);
}

Result<std::optional<SseEvent>> SseDecoder::next() {
    if (dispatched_) {
        dispatched_ = false;
        has_data_ = false;
        type_.clear();
        data_.clear();
    }
    if (!too_long_ && skip_byte_order_mark() && take_event()) {
        dispatched_ = true;
        return std::optional<SseEvent>({.type = type_, .data = data_, .id = id_});
    }
    too_long_ =
        too_long_ || data_.size() + type_.size() + (buffer_.size() - line_start_) > max_event_;
    if (too_long_) return fail(event_too_long(max_event_));
    return std::optional<SseEvent>();
}

Error event_too_long(std::size_t max_event) {
    return {
        .code = Errc::provider_unavailable,
        .message = "an event in the stream is longer than " + std::to_string(max_event) + " bytes",
        .reason = "the event never ends, or the answer is not a stream of server-sent events",
        .fix = {}};
}

// False where its end is not there yet, or it grew too long.
bool SseDecoder::take_event() {
    while (const auto line = next_line()) {
        if (line->empty()) {
            if (has_data_) return true;
            type_.clear();
            continue;
        }
        take_field(*line);
        if (data_.size() + type_.size() > max_event_) return false;
    }
    return false;
}

// False while it cannot be told yet whether the stream begins with one.
bool SseDecoder::skip_byte_order_mark() {
    if (!at_stream_start_) return true;
    const auto seen = std::string_view(buffer_).substr(0, byte_order_mark.size());
    if (seen.size() < byte_order_mark.size() && byte_order_mark.starts_with(seen)) return false;
    if (seen == byte_order_mark) line_start_ = scanned_ = byte_order_mark.size();
    at_stream_start_ = false;
    return true;
}

// Without its end. A CR ends a line at once; whether an LF follows shows later.
std::optional<std::string_view> SseDecoder::next_line() {
    if (skip_line_feed_ && line_start_ < buffer_.size()) {
        if (buffer_[line_start_] == '\n') ++line_start_;
        skip_line_feed_ = false;
    }
    const std::string_view buffer = buffer_;
    const auto end = find_line_end(buffer, std::max(scanned_, line_start_));
    if (end == std::string_view::npos) {
        scanned_ = buffer.size();
        return std::nullopt;
    }
    const auto line = buffer.substr(line_start_, end - line_start_);
    skip_line_feed_ = buffer[end] == '\r';
    line_start_ = scanned_ = end + 1;
    return line;
}

void SseDecoder::take_field(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == 0) return;  // a comment
    if (colon == std::string_view::npos) return take(line, {});
    auto value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take(line.substr(0, colon), value);
}

void SseDecoder::take(std::string_view name, std::string_view value) {
    if (name == "data") {
        if (has_data_) data_.push_back('\n');
        data_.append(value);
        has_data_ = true;
    } else if (name == "event") {
        type_ = value;
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) id_ = value;
    } else if (name == "retry") {
        unsigned long milliseconds = 0;
        const auto* const end = value.data() + value.size();
        const auto [stopped, error] = std::from_chars(value.data(), end, milliseconds);
        if (error == std::errc() && stopped == end) retry_ = milliseconds;
    }
}

}  // namespace handover::http
