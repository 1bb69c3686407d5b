#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "auth/oauth2/token_response.hpp"

namespace handover::auth::oauth2 {
namespace {

constexpr Milliseconds longest_pause = std::chrono::hours(1);

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || text.empty() || text.front() == '-')
        return std::nullopt;
    return value;
}

unsigned month_number(std::string_view name) {
    constexpr std::array<std::string_view, 12> names = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return static_cast<unsigned>(std::find(names.begin(), names.end(), name) - names.begin()) + 1;
}

// IMF-fixdate (RFC 9110 section 5.6.7), the only form that may be generated: "Sun, 06 Nov 1994
// 08:49:37 GMT".
std::optional<Time> imf_fixdate(std::string_view text) {
    using namespace std::chrono;
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT")
        return std::nullopt;
    if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' ||
        text[22] != ':') {
        return std::nullopt;
    }
    const auto d = number(text.substr(5, 2));
    const auto y = number(text.substr(12, 4));
    const auto h = number(text.substr(17, 2));
    const auto m = number(text.substr(20, 2));
    const auto s = number(text.substr(23, 2));
    if (!d || !y || !h || !m || !s || *h > 23 || *m > 59 || *s > 60) return std::nullopt;
    const year_month_day date(
        year(*y), month(month_number(text.substr(8, 3))), day(static_cast<unsigned>(*d)));
    if (!date.ok() || *y > 2200 || *y < 1970) return std::nullopt;
    return Time(sys_days(date).time_since_epoch() + hours(*h) + minutes(*m) + seconds(*s));
}

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<Milliseconds> parse_retry_after(std::string_view value, Time now) {
    if (all_digits(value)) {
        const auto seconds = number(value);
        if (!seconds) return longest_pause;  // more digits than fit
        return std::min<Milliseconds>(std::chrono::seconds(*seconds), longest_pause);
    }
    const auto date = imf_fixdate(value);
    if (!date || *date <= now) return std::nullopt;
    return std::min(std::chrono::ceil<Milliseconds>(*date - now), longest_pause);
}

}  // namespace handover::auth::oauth2
