// Names of headers, which are compared without case (RFC 9110 section 5.1). Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace handover::http {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Inline, since heads are compared with many names and nearly none of them has the length.
constexpr bool same_name(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (lower(left[i]) != lower(right[i])) return false;
    }
    return true;
}

}  // namespace handover::http
