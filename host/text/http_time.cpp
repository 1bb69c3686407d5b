#include "text/http_time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

namespace handover::text {
namespace {

std::optional<double> parse_number(std::string_view text) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
        return std::nullopt;
    return number;
}

std::optional<Milliseconds> as_wait(double milliseconds) {
    if (milliseconds < 0) return std::nullopt;
    constexpr double longest = 1e12;  // 30 years
    return Milliseconds(std::llround(std::min(milliseconds, longest)));
}

std::vector<std::string_view> words(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> out;
    while (true) {
        const auto start = text.find_first_not_of(separators);
        if (start == std::string_view::npos) return out;
        const auto end = std::min(text.find_first_of(separators, start), text.size());
        out.push_back(text.substr(start, end - start));
        text.remove_prefix(end);
    }
}

std::optional<int> digits(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && number >= 0 ? std::optional(number) : std::nullopt;
}

std::optional<unsigned> month(std::string_view name) {
    constexpr std::array<std::string_view, 12> names = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto* const found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<unsigned>(found - names.begin()) + 1;
}

struct DateWords {
    std::string_view day = {};
    std::string_view month = {};
    std::string_view year = {};
    std::string_view time = {};
};

// RFC 9110: "a timestamp that appears to be more than 50 years in the future" is in the past
// century.
int full_year(int year, std::string_view spelled, Time now) {
    if (spelled.size() != 2) return year;
    const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
    const int current = static_cast<int>(today.year());
    const int candidate = current - current % 100 + year;
    return candidate > current + 50 ? candidate - 100 : candidate;
}

std::optional<Time> make_time(const DateWords& date, Time now) {
    const auto clock = words(date.time, ":");
    if (clock.size() != 3 || date.time.size() != 8) return std::nullopt;
    const auto day = digits(date.day);
    const auto number = month(date.month);
    const auto year = digits(date.year);
    const auto hour = digits(clock[0]);
    const auto minute = digits(clock[1]);
    const auto second = digits(clock[2]);
    if (!day || !number || !year || !hour || !minute || !second) return std::nullopt;
    if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;  // 60: a leap second
    const int full = full_year(*year, date.year, now);
    if (full < 1970 || full > 2250) return std::nullopt;  // what `Time` holds, with room
    const std::chrono::year_month_day calendar(std::chrono::year(full),
                                               std::chrono::month(*number),
                                               std::chrono::day(static_cast<unsigned>(*day)));
    if (!calendar.ok()) return std::nullopt;
    return std::chrono::sys_days(calendar) + std::chrono::hours(*hour) +
           std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

}  // namespace

std::optional<Time> parse_http_date(std::string_view text, Time now) {
    const auto parts = words(text, " ,");
    // Sun, 06 Nov 1994 08:49:37 GMT
    if (parts.size() == 6 && parts[5] == "GMT") {
        return make_time({.day = parts[1], .month = parts[2], .year = parts[3], .time = parts[4]},
                         now);
    }
    // Sunday, 06-Nov-94 08:49:37 GMT
    if (parts.size() == 4 && parts[3] == "GMT") {
        const auto date = words(parts[1], "-");
        if (date.size() != 3) return std::nullopt;
        return make_time({.day = date[0], .month = date[1], .year = date[2], .time = parts[2]},
                         now);
    }
    // Sun Nov  6 08:49:37 1994
    if (parts.size() != 5) return std::nullopt;
    return make_time({.day = parts[2], .month = parts[1], .year = parts[4], .time = parts[3]}, now);
}

std::optional<Milliseconds> parse_retry_after(std::string_view text, Time now) {
    if (const auto seconds = parse_number(text)) return as_wait(*seconds * 1000);
    const auto date = parse_http_date(text, now);
    if (!date || *date <= now) return std::nullopt;
    return std::chrono::ceil<Milliseconds>(*date - now);
}

std::optional<Milliseconds> parse_milliseconds(std::string_view text) {
    const auto number = parse_number(text);
    return number ? as_wait(*number) : std::nullopt;
}

}  // namespace handover::text
