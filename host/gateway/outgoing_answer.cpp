#include "gateway/outgoing_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "http/header_rules.hpp"

namespace handover::gateway {
namespace {

// Beyond the first the upstream pauses, below the second it goes on: a slow client costs no more
// than this and what the kernel holds.
constexpr std::size_t high_mark = 64U << 10U;
constexpr std::size_t low_mark = 16U << 10U;

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";
constexpr std::string_view after_last_data = "\r\n0\r\n\r\n";

constexpr bool has_no_body(int status) {
    return status == 204 || status == 304 || (status >= 100 && status < 200);
}

bool is_event_stream(std::span<const http::Header> headers) {
    return std::any_of(headers.begin(), headers.end(), [](const http::Header& header) {
        return http::same_name(header.name, "content-type") &&
               header.value.starts_with("text/event-stream");
    });
}

}  // namespace

void OutgoingAnswer::begin(AnswerTo to) {
    to_ = std::move(to);
    phase_ = Phase::idle;
    framing_ = Framing::none;
    status_ = 0;
    length_.reset();
    body_bytes_ = 0;
    own_fields_.clear();
    head_.clear();
    queued_.clear();
    kept_alive_ = to_.keep_alive;
    aborted_ = false;
    high_ = false;
    event_stream_ = false;
    boundary_ = {};
    drained_ = {};
    first_byte_.reset();
}

void OutgoingAnswer::bear(std::span<const HeaderView> headers) {
    own_fields_.clear();
    for (const auto& header : headers) append_field(own_fields_, header.name, header.value);
}

void OutgoingAnswer::begin_head(int status, std::span<const http::Header> headers) {
    status_ = status;
    head_.clear();
    append_head(head_, status, headers);
    append_fields(head_, to_.extra);
    head_.append(own_fields_);
    head_.append("x-request-id: ").append(to_.request_id).append(line_end);
    head_.append(carrier_.date_line());
}

void OutgoingAnswer::end_head(Framing framing, std::uint64_t length) {
    framing_ = has_no_body(status_) ? Framing::none : framing;
    if (framing_ == Framing::until_close) to_.keep_alive = false;
    kept_alive_ = to_.keep_alive;
    if (framing_ == Framing::chunked) head_ += "Transfer-Encoding: chunked\r\n";
    if (framing_ == Framing::length)
        head_.append("Content-Length: ").append(fmt::format_int(length).c_str()).append(line_end);
    constexpr int upgrade_required =
        426;  // its Upgrade is for this connection (RFC 9110 section 7.8)
    if (!kept_alive_)
        head_ += status_ == upgrade_required ? "Connection: Upgrade, close\r\n"
                                             : "Connection: close\r\n";
    if (kept_alive_ && to_.http_1_0) head_ += "Connection: keep-alive\r\n";
    head_ += line_end;
}

void OutgoingAnswer::send(std::span<const std::string_view> pieces) {
    const auto now = std::chrono::steady_clock::now();
    if (!first_byte_) first_byte_ = now;
    last_write_ = now;
    outlet_.send(pieces);
    if (outlet_.broken()) return broken();
    if (outlet_.kept() > 0) carrier_.wait_writable();
}

void OutgoingAnswer::whole(int status,
                           std::span<const http::Header> headers,
                           std::string_view body) {
    if (phase_ != Phase::idle) return;
    begin_head(status, headers);
    end_head(Framing::length, body.size());
    const bool bare = to_.head_only || framing_ == Framing::none;
    phase_ = Phase::finished;
    body_bytes_ = bare ? 0 : body.size();
    const std::array pieces = {std::string_view(head_), bare ? std::string_view() : body};
    send(pieces);
}

void OutgoingAnswer::send_head(int status,
                               std::span<const http::Header> headers,
                               std::optional<std::uint64_t> length) {
    if (phase_ != Phase::idle) return;
    begin_head(status, headers);
    length_ = length;
    event_stream_ = is_event_stream(headers);
    phase_ = Phase::head_waits;
}

// How the body is told apart from what follows it: known when the first of it leaves.
void OutgoingAnswer::choose_framing(std::size_t size, bool last) {
    if (last && !length_) length_ = size;  // all of it is there
    if (length_) return end_head(Framing::length, *length_);
    end_head(to_.http_1_0 ? Framing::until_close : Framing::chunked, 0);
}

// Everything that waits, and `bytes`, framed, in one write.
void OutgoingAnswer::emit(std::string_view bytes, bool last) {
    const bool head_waits = phase_ == Phase::head_waits;
    if (head_waits) choose_framing(queued_.size() + bytes.size(), last);
    phase_ = Phase::streaming;
    const auto head = head_waits ? std::string_view(head_) : std::string_view();
    const bool bare = to_.head_only || framing_ == Framing::none;
    const auto size = bare ? 0 : queued_.size() + bytes.size();
    body_bytes_ += size;
    if (!bare && length_ && body_bytes_ > *length_) return abort();  // never into the next answer
    if (!bare && framing_ == Framing::chunked) {
        emit_chunk(head, bytes, last);
    } else if (!head.empty() || size > 0) {
        const std::array pieces = {head,
                                   bare ? std::string_view() : std::string_view(queued_),
                                   bare ? std::string_view() : bytes};
        send(pieces);
    }
    queued_.clear();
}

void OutgoingAnswer::emit_chunk(std::string_view head, std::string_view bytes, bool last) {
    const auto size = queued_.size() + bytes.size();
    if (size == 0) {
        const std::array pieces = {head, last ? last_chunk : std::string_view()};
        if (!head.empty() || last) send(pieces);
        return;
    }
    const auto chunk = fmt::format("{:x}\r\n", size);
    const std::array pieces = {head,
                               std::string_view(chunk),
                               std::string_view(queued_),
                               bytes,
                               last ? after_last_data : line_end};
    send(pieces);
}

Pressure OutgoingAnswer::pressure() {
    if (incomplete()) return Pressure::gone;
    if (outlet_.kept() > high_mark) high_ = true;
    return high_ ? Pressure::high : Pressure::none;
}

Pressure OutgoingAnswer::write(std::string_view bytes) {
    if (phase_ == Phase::idle || phase_ == Phase::finished || incomplete()) return Pressure::gone;
    if (event_stream_) boundary_.feed(bytes);
    emit(bytes, false);
    return pressure();
}

Pressure OutgoingAnswer::queue(std::string_view bytes) {
    if (phase_ == Phase::idle || phase_ == Phase::finished || incomplete()) return Pressure::gone;
    if (event_stream_) boundary_.feed(bytes);
    if (queued_.size() + bytes.size() > high_mark) {
        emit(bytes, false);
    } else {
        queued_.append(bytes);
    }
    return pressure();
}

void OutgoingAnswer::flush() {
    const bool waits =
        phase_ == Phase::head_waits || (phase_ == Phase::streaming && !queued_.empty());
    if (waits && !incomplete()) emit({}, false);
}

void OutgoingAnswer::finish() {
    if (phase_ == Phase::idle || phase_ == Phase::finished || incomplete()) return;
    emit({}, true);
    phase_ = Phase::finished;
    const bool counted = framing_ == Framing::length && !to_.head_only;
    if (counted && body_bytes_ != length_) abort();
}

void OutgoingAnswer::abort() {
    aborted_ = true;
    kept_alive_ = false;
    phase_ = Phase::finished;
    outlet_.break_off();
    broken();
}

void OutgoingAnswer::on_drained(std::function<void()> call) {
    drained_ = std::move(call);
    if (high_ && !incomplete()) return;
    if (const auto now = std::exchange(drained_, {})) now();
}

void OutgoingAnswer::writable() {
    outlet_.send_kept();
    if (outlet_.broken()) return broken();
    if (outlet_.kept() > 0) carrier_.wait_writable();
    if (!high_ || outlet_.kept() > low_mark) return;
    high_ = false;
    if (const auto call = std::exchange(drained_, {})) call();
}

void OutgoingAnswer::broken() {
    outlet_.break_off();
    kept_alive_ = false;
    high_ = false;
    if (const auto call = std::exchange(drained_, {})) call();
}

void OutgoingAnswer::keep_alive(std::chrono::steady_clock::time_point now,
                                std::chrono::milliseconds silence) {
    const bool silent = event_stream_ && phase_ == Phase::streaming && outlet_.kept() == 0 &&
                        now - last_write_ >= silence;
    if (silent && boundary_.between_events()) emit(": keep-alive\n\n", false);
}

}  // namespace handover::gateway
