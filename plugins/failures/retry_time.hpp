// When a failed request may be sent again, as the service says it. The host reads the same headers
// for itself (host/text/http_time.hpp); a plugin is built without the host's code.
#pragma once

#include <handover/plugin.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace handover::failures {

// retry-after-ms, then Retry-After (RFC 9110 section 10.2.3: seconds or a date; fractions of a
// second occur), then "try again in N" in the message. Unix seconds, rounded up; nothing if nobody
// says. A wait of more than a year is nobody's.
std::optional<std::int64_t> retry_time(const sdk::Failure& failure, std::string_view message);

// A duration as services spell it: "20ms", "1.5s", "6m0s", "1h2m3s", "28 seconds". Seconds; nothing
// if `text` does not begin with one.
std::optional<double> leading_duration(std::string_view text);

// RFC 9110 section 5.6.7, the preferred form: "Sun, 06 Nov 1994 08:49:37 GMT". Unix seconds.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace handover::failures
