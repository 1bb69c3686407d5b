// The head of an answer as bytes. Pure.
#pragma once

#include <ctime>
#include <span>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace handover::gateway {

// "OK", "Not Found", ...; empty for a status without a usual phrase.
std::string_view reason_phrase(int status);

// RFC 9110 section 5.6.7: Sun, 06 Nov 1994 08:49:37 GMT.
std::string http_date(std::time_t time);

// The status line and the headers, each with its CRLF, without the last empty line. Left out:
// hop-by-hop and framing headers, what the connection writes itself (Date, Connection,
// x-request-id), and whatever would not stay in its place.
void append_head(std::string& out, int status, std::span<const http::Header> headers);
void append_fields(std::string& out, std::span<const http::Header> headers);
void append_field(std::string& out, std::string_view name, std::string_view value);

// Follows the bytes of an event stream: true while it stands between two events (or nothing was
// sent), where a comment may be put in.
class EventBoundary {
public:
    void feed(std::string_view bytes);
    [[nodiscard]] bool between_events() const;

private:
    std::string tail_ = {};  // the last bytes, at most four
};

}  // namespace handover::gateway
