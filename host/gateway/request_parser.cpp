#include "gateway/request_parser.hpp"

#include <algorithm>

#include "http/header_rules.hpp"

namespace handover::gateway {
namespace {

// A longer body grows as it comes: what a client promises costs no memory.
constexpr std::uint64_t most_reserved = 64U << 10U;

// A method, or the CR of an empty line. TLS, for one, begins otherwise.
bool may_begin(char c) {
    return c == '\r' || http::is_token(std::string_view(&c, 1));
}

}  // namespace

std::size_t RequestParser::feed(std::string_view bytes) {
    switch (state_) {
        case State::head:
            return feed_head(bytes);
        case State::body:
            return feed_body(bytes);
        default:
            return 0;
    }
}

std::size_t RequestParser::feed_head(std::string_view bytes) {
    std::size_t used = 0;
    while (state_ == State::head && used < bytes.size()) {
        if (text_.empty() && !may_begin(bytes[used])) {
            refuse(400, "this is not HTTP");
            break;
        }
        const auto line_feed = bytes.find('\n', used);
        const bool ends = line_feed != std::string_view::npos;
        const auto end = ends ? line_feed + 1 : bytes.size();
        if (text_.size() + (end - used) > limits_.longest_head) {
            refuse(431, "the request's head is too long");
            break;
        }
        text_.append(bytes.substr(used, end - used));
        used = end;
        if (ends) end_line();
    }
    return used;
}

// The head so far ends in a line feed.
void RequestParser::end_line() {
    const auto length = text_.size() - line_begin_;
    if (length < 2 || text_[text_.size() - 2] != '\r')
        return refuse(400, "a line of the request's head does not end in CR LF");
    if (length > 2) {
        line_begin_ = text_.size();
    } else if (line_begin_ > 0) {
        finish_head();
    } else if (skipped_line_) {
        refuse(400, "the request begins with empty lines");
    } else {
        // RFC 9112 section 2.2: one empty line before the request line is overlooked.
        skipped_line_ = true;
        text_.clear();
    }
}

void RequestParser::finish_head() {
    if (const auto refused = parse_request_head(text_, limits_.head, head_)) {
        refuse(refused->status, refused->why);
    } else {
        state_ = State::judge;
    }
}

void RequestParser::take_body(std::uint64_t most) {
    most_ = most;
    if (head_.framing == Framing::none || (head_.framing == Framing::length && head_.length == 0)) {
        state_ = State::complete;
    } else if (head_.framing == Framing::length && head_.length > most) {
        refuse(413, "the request's body is too large");
    } else {
        state_ = State::body;
        body_.reserve(static_cast<std::size_t>(std::min(head_.length, most_reserved)));
    }
}

std::size_t RequestParser::feed_body(std::string_view bytes) {
    if (head_.framing == Framing::length) {
        const auto missing = head_.length - body_.size();
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(missing, bytes.size()));
        body_.append(bytes.substr(0, count));
        if (count == missing) state_ = State::complete;
        return count;
    }
    const auto used = chunked_.feed(bytes, body_, most_);
    if (chunked_.state() == ChunkedBody::State::done) state_ = State::complete;
    if (chunked_.state() == ChunkedBody::State::malformed)
        refuse(400, "the chunks of the request's body are malformed");
    if (chunked_.state() == ChunkedBody::State::too_large)
        refuse(413, "the request's body is too large");
    return used;
}

void RequestParser::refuse(int status, std::string_view why) {
    refusal_ = {.status = status, .why = why};
    state_ = State::refused;
}

void RequestParser::reset() {
    state_ = State::head;
    text_.clear();
    line_begin_ = 0;
    skipped_line_ = false;
    body_ = {};
    chunked_.reset();
}

}  // namespace handover::gateway
