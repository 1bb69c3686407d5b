#include "http/response_parser.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "http/header_rules.hpp"

namespace handover::http {
namespace {

// A chunk's size line with its extensions, which nobody here reads.
constexpr std::size_t max_chunk_line = 4096;

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view trim(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

// The next element of a comma-separated list (RFC 9110 section 5.6.1), taken from the front.
std::string_view take_element(std::string_view& list) {
    const auto comma = std::min(list.find(','), list.size());
    const auto element = trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    return element;
}

bool reads_as(std::string_view text, std::uint64_t& number, int base) {
    const auto* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number, base);
    return error == std::errc() && at == end && number <= INT64_MAX;
}

}  // namespace

void ResponseParser::begin(bool to_head_request) {
    state_ = State::status_line;
    to_head_request_ = to_head_request;
    partial_.clear();
    head_size_ = 0;
    body_ = Body::none;
    keeps_alive_ = false;
    left_ = 0;
}

ResponseParser::Step ResponseParser::fail(const char* reason) {
    state_ = State::failed;
    keeps_alive_ = false;
    return {.kind = Kind::failed, .reason = reason};
}

ResponseParser::State ResponseParser::first_state(Body body) {
    switch (body) {
        case Body::counted:
            return State::counted;
        case Body::chunked:
            return State::chunk_size;
        case Body::until_close:
            return State::until_close;
        case Body::none:
            break;
    }
    return State::done;
}

ResponseParser::Step ResponseParser::next(std::string_view& input) {
    while (true) {
        Step step;
        switch (state_) {
            case State::body_begins:
                state_ = first_state(body_);
                continue;
            case State::counted:
                step = take_counted(input);
                break;
            case State::until_close:
                return take_until_close(input);
            case State::done:
                return {.kind = Kind::end};
            case State::failed:
                return fail("an answer was already given up");
            default:
                step = take_line(input);
        }
        if (step.kind != Kind::more || (input.empty() && state_ != State::done)) return step;
    }
}

ResponseParser::Step ResponseParser::close() {
    if (state_ == State::until_close ||
        (state_ == State::body_begins && body_ == Body::until_close))
        state_ = State::done;
    if (state_ == State::done) return {.kind = Kind::end};
    return fail("the connection was closed before the end");
}

ResponseParser::Step ResponseParser::take_counted(std::string_view& input) {
    if (left_ == 0) {
        state_ = body_ == Body::chunked ? State::chunk_end : State::done;
        return {};
    }
    if (input.empty()) return {};
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    const auto bytes = input.substr(0, size);
    input.remove_prefix(size);
    left_ -= size;
    return {.kind = Kind::body, .bytes = bytes};
}

ResponseParser::Step ResponseParser::take_until_close(std::string_view& input) {
    if (input.empty()) return {};
    const auto bytes = input;
    input = {};
    return {.kind = Kind::body, .bytes = bytes};
}

// A line that lies whole in the input is read where it lies; one in pieces is put together first.
ResponseParser::Step ResponseParser::take_line(std::string_view& input) {
    const auto newline = input.find('\n');
    const bool whole = newline != std::string_view::npos;
    const auto piece = whole ? input.substr(0, newline + 1) : input;
    input.remove_prefix(piece.size());
    if (state_ == State::chunk_size || state_ == State::chunk_end) {
        if (partial_.size() + piece.size() > max_chunk_line)
            return fail("a chunk's size line is too long");
    } else {
        head_size_ += piece.size();
        if (head_too_long()) return fail("its head is too long");
    }
    if (!whole || !partial_.empty()) partial_.append(piece);
    if (!whole) return {};
    auto line = partial_.empty() ? piece : std::string_view(partial_);
    if (line.size() < 2 || line[line.size() - 2] != '\r')
        return fail("a line ends without a carriage return");
    line.remove_suffix(2);
    const auto step = on_line(line);
    partial_.clear();
    return step;
}

ResponseParser::Step ResponseParser::on_line(std::string_view line) {
    switch (state_) {
        case State::status_line:
            return on_status_line(line);
        case State::header_lines:
            return line.empty() ? on_head_end() : on_header_line(line);
        case State::chunk_size:
            return on_chunk_size(line);
        case State::chunk_end:
            if (!line.empty()) return fail("a chunk is longer than it said");
            state_ = State::chunk_size;
            return {};
        default:  // trailer lines are read for their end only
            if (line.empty()) state_ = State::done;
            return {};
    }
}

// HTTP-version SP status-code SP [ reason-phrase ]
ResponseParser::Step ResponseParser::on_status_line(std::string_view line) {
    constexpr const char* not_http = "what came is not an HTTP/1.1 answer";
    constexpr std::string_view name = "HTTP/1.";
    constexpr std::size_t shortest = std::string_view("HTTP/1.1 200").size();
    if (line.size() < shortest || !line.starts_with(name)) return fail(not_http);
    if (!is_digit(line[7]) || line[8] != ' ') return fail(not_http);
    const auto code = line.substr(9, 3);
    if (!std::all_of(code.begin(), code.end(), is_digit) || code[0] == '0') return fail(not_http);
    if (line.size() > shortest && line[shortest] != ' ') return fail(not_http);
    minor_version_ = line[7] - '0';
    head_.status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
    if (spare_.empty()) spare_.swap(head_.headers);
    while (!head_.headers.empty()) {
        spare_.push_back(std::move(head_.headers.back()));
        head_.headers.pop_back();
    }
    says_close_ = says_keep_alive_ = has_length_ = has_encoding_ = chunked_ = false;
    state_ = State::header_lines;
    return {};
}

Header& ResponseParser::new_header() {
    if (spare_.empty()) return head_.headers.emplace_back();
    head_.headers.push_back(std::move(spare_.back()));
    spare_.pop_back();
    return head_.headers.back();
}

ResponseParser::Step ResponseParser::on_header_line(std::string_view line) {
    const auto colon = line.find(':');
    // RFC 9112 sections 5.1 and 5.2: no blank before the colon, no folded lines.
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
        return fail("a line of its head is no header");
    const auto value = trim(line.substr(colon + 1));
    constexpr std::string_view ends_lines("\r\0", 2);
    if (!is_header_value(value) && value.find_first_of(ends_lines) != std::string_view::npos)
        return fail("a header's value holds a control character");
    auto& header = new_header();
    header.name.assign(line.substr(0, colon));
    header.value.assign(value);
    const auto* const reason = note_framing(header);
    return reason == nullptr ? Step{} : fail(reason);
}

const char* ResponseParser::note_framing(const Header& header) {
    if (same_name(header.name, "content-length")) return note_length(header.value);
    if (same_name(header.name, "connection")) note_connection(header.value);
    if (same_name(header.name, "transfer-encoding")) {
        chunked_ = !has_encoding_ && same_name(header.value, "chunked");
        has_encoding_ = true;
    }
    return nullptr;
}

// RFC 9112 section 6.3: repeated, but the same, is one length.
const char* ResponseParser::note_length(std::string_view value) {
    for (bool another = true; another;) {
        another = value.find(',') != std::string_view::npos;
        const auto element = take_element(value);
        std::uint64_t length = 0;
        if (!reads_as(element, length, 10)) return "its Content-Length is not a number";
        if (has_length_ && length != length_) return "it has two different lengths";
        has_length_ = true;
        length_ = length;
    }
    return nullptr;
}

void ResponseParser::note_connection(std::string_view value) {
    while (!value.empty()) {
        const auto option = take_element(value);
        says_close_ = says_close_ || same_name(option, "close");
        says_keep_alive_ = says_keep_alive_ || same_name(option, "keep-alive");
    }
}

ResponseParser::Step ResponseParser::on_head_end() {
    if (head_.status == 101) return fail("it switches to a protocol that nobody asked for");
    if (head_.status < 200) {
        state_ = State::status_line;
        return {};
    }
    if (const auto* const reason = decide_body(); reason != nullptr) return fail(reason);
    keeps_alive_ = !says_close_ && (minor_version_ > 0 || says_keep_alive_);
    left_ = length_;
    state_ = State::body_begins;
    return {.kind = Kind::head};
}

// RFC 9112 section 6.3, in its order.
const char* ResponseParser::decide_body() {
    if (has_encoding_ && has_length_) return "it has a length and a transfer encoding";
    const bool never_one = to_head_request_ || head_.status == 204 || head_.status == 304;
    if (never_one) {
        body_ = Body::none;
    } else if (has_encoding_) {
        if (!chunked_ || minor_version_ == 0) return "its transfer encoding is not plain chunked";
        body_ = Body::chunked;
    } else {
        body_ = has_length_ ? Body::counted : Body::until_close;
    }
    return nullptr;
}

// chunk-size [ BWS ";" chunk-ext ]
ResponseParser::Step ResponseParser::on_chunk_size(std::string_view line) {
    const auto digits = line.substr(0, line.find_first_of("; \t"));
    const auto rest = trim(line.substr(digits.size()));
    if (!reads_as(digits, left_, 16) || (!rest.empty() && rest.front() != ';'))
        return fail("a chunk's size is not a number");
    state_ = left_ == 0 ? State::trailer_lines : State::counted;
    return {};
}

}  // namespace handover::http
