// What may stand in a request's head. Pure.
#pragma once

#include <handover/result.hpp>

#include <string_view>

#include "http/message.hpp"

namespace handover::http {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Compared without case (RFC 9110 section 5.1). Here, since heads are compared with many names and
// nearly none of them has the length.
constexpr bool same_name(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (lower(left[i]) != lower(right[i])) return false;
    }
    return true;
}

// An RFC 9110 token.
bool is_token(std::string_view name);

// No control characters but the tab: CR, LF and NUL would end the header early.
bool is_header_value(std::string_view value);

// Refuses methods, names and values that would not stay in their place; INTERNAL, without the value
// of a credential.
Result<void> check_head(const Request& request);

}  // namespace handover::http
