#include "gateway/chunked_body.hpp"

#include <algorithm>

namespace handover::gateway {
namespace {

constexpr unsigned most_digits = 15;           // any more could overflow
constexpr std::size_t most_extra = 4U << 10U;  // extensions and trailers of the whole body

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

}  // namespace

std::size_t ChunkedBody::feed(std::string_view bytes, std::string& body, std::uint64_t most) {
    std::size_t used = 0;
    while (used < bytes.size() && state_ == State::more) {
        if (part_ == Part::data) {
            used += take_data(bytes.substr(used), body);
        } else {
            take(bytes[used++]);
        }
        // Known as soon as the size is, not only when the data comes.
        const bool fits = body.size() <= most && left_ <= most - body.size();
        if (part_ == Part::data && !fits) state_ = State::too_large;
    }
    return used;
}

std::size_t ChunkedBody::take_data(std::string_view bytes, std::string& body) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    body.append(bytes.substr(0, count));
    left_ -= count;
    if (left_ == 0) part_ = Part::data_cr;
    return count;
}

void ChunkedBody::take(char c) {
    switch (part_) {
        case Part::size_first:
        case Part::size:
            return take_size(c);
        case Part::extension:
            return take_extra(c, Part::size_lf);
        case Part::size_lf:
            expect('\n', c, Part::data);
            return begin_chunk();
        case Part::data:
            return;
        case Part::data_cr:
            return expect('\r', c, Part::data_lf);
        case Part::data_lf:
            return expect('\n', c, Part::size_first);
        case Part::trailer_start:
            if (c == '\r') {
                part_ = Part::last_lf;
                return;
            }
            return take_extra(c, Part::trailer_lf);
        case Part::trailer:
            return take_extra(c, Part::trailer_lf);
        case Part::trailer_lf:
            return expect('\n', c, Part::trailer_start);
        case Part::last_lf:
            expect('\n', c, Part::last_lf);
            if (state_ == State::more) state_ = State::done;
            return;
    }
}

void ChunkedBody::take_size(char c) {
    const int value = hex_value(c);
    const bool has_digits = part_ == Part::size;
    if (value >= 0 && digits_ < most_digits) {
        left_ = left_ * 16 + static_cast<std::uint64_t>(value);
        ++digits_;
        part_ = Part::size;
    } else if (has_digits && c == '\r') {
        part_ = Part::size_lf;
    } else if (has_digits && c == ';') {
        part_ = Part::extension;
    } else {
        state_ = State::malformed;
    }
}

// An extension or a trailer, up to its CR.
void ChunkedBody::take_extra(char c, Part at_end) {
    if (part_ == Part::trailer_start) part_ = Part::trailer;
    if (c == '\r') {
        part_ = at_end;
    } else if (is_control(c) || ++extra_ > most_extra) {
        state_ = State::malformed;
    }
}

void ChunkedBody::expect(char wanted, char c, Part next) {
    if (c == wanted) {
        part_ = next;
    } else {
        state_ = State::malformed;
    }
}

void ChunkedBody::begin_chunk() {
    digits_ = 0;
    if (left_ == 0) part_ = Part::trailer_start;
}

}  // namespace handover::gateway
