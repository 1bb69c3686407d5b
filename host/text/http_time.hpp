// Times as HTTP headers spell them.
#pragma once

#include <optional>
#include <string_view>

#include "text/time.hpp"

namespace handover::text {

// RFC 9110 section 5.6.7: the preferred form and both obsolete ones. Nothing before 1970 or after
// 2250.
std::optional<Time> parse_http_date(std::string_view text, Time now);

// Retry-After (RFC 9110 section 10.2.3): seconds, of which services send fractions too, or a date.
// Nothing if malformed or past; at most 30 years, since more is no statement about a limit.
std::optional<Milliseconds> parse_retry_after(std::string_view text, Time now);

// The same for a number of milliseconds, which services send beside it.
std::optional<Milliseconds> parse_milliseconds(std::string_view text);

}  // namespace handover::text
