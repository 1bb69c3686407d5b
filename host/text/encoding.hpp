// Text encodings of the protocols: base64 (RFC 4648), base64url without padding, percent and form
// encoding.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace handover::text {

std::string base64_encode(std::string_view bytes);     // RFC 4648 section 4, padded
std::string base64url_encode(std::string_view bytes);  // section 5, no padding

// Nothing if `encoded` holds a character outside the alphabet, padding, or an impossible length.
std::optional<std::string> base64url_decode(std::string_view encoded);

// Everything but RFC 3986 unreserved characters as %XX.
std::string percent_encode(std::string_view text);

// Nothing on a '%' that two hexadecimal digits do not follow.
std::optional<std::string> percent_decode(std::string_view text);

using Parameters = std::vector<std::pair<std::string, std::string>>;

// application/x-www-form-urlencoded, in the order given; a space becomes '+'.
std::string form_encode(const Parameters& parameters);

// Nothing on a bad escape. An empty text is no parameters.
std::optional<Parameters> form_decode(std::string_view text);

}  // namespace handover::text
