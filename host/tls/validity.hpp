// How long a certificate holds, and from when on somebody should worry. Pure.
#pragma once

#include <algorithm>
#include <ctime>
#include <string>

namespace handover::tls {

// Of a chain the time of its first certificate, and the end of whichever ends first.
struct Validity {
    std::time_t from = 0;
    std::time_t until = 0;

    bool operator==(const Validity&) const = default;
};

// Renewed certificates have come by then, where somebody sees to it: 21 days before the end, for
// short-lived ones when a quarter of their life is left.
constexpr std::time_t renewal_is_late_from(const Validity& validity) {
    constexpr std::time_t most = std::time_t(21) * 24 * 3600;
    return validity.until - std::min(most, (validity.until - validity.from) / 4);
}

// "expires in 12 d 3 h, at 2026-12-05T00:00:00Z"
std::string expiry_in_words(const Validity& validity, std::time_t now);

}  // namespace handover::tls
