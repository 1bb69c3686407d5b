#include "text/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace handover::text {
namespace {

using namespace std::chrono;

// Takes exactly `width` digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t width) {
    if (text.size() < width) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(width);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<sys_days> take_date(std::string_view& text) {
    const auto y = take_number(text, 4);
    if (!y || !take(text, "-")) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || !take(text, "-")) return std::nullopt;
    const auto d = take_number(text, 2);
    if (!d) return std::nullopt;
    const year_month_day date{
        year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d))};
    if (!date.ok()) return std::nullopt;
    return sys_days(date);
}

std::optional<seconds> take_time(std::string_view& text) {
    const auto h = take_number(text, 2);
    if (!h || *h > 23 || !take(text, ":")) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || *m > 59 || !take(text, ":")) return std::nullopt;
    const auto s = take_number(text, 2);
    if (!s || *s > 60) return std::nullopt;  // 60: a leap second
    return hours(*h) + minutes(*m) + seconds(*s);
}

milliseconds take_fraction(std::string_view& text) {
    int value = 0;
    int scale = 100;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        value += (text.front() - '0') * scale;
        scale /= 10;
        text.remove_prefix(1);
    }
    return milliseconds(value);
}

std::optional<minutes> take_offset(std::string_view& text) {
    if (take(text, "Zz")) return minutes(0);
    const bool west = !text.empty() && text.front() == '-';
    if (!take(text, "+-")) return std::nullopt;
    const auto h = take_number(text, 2);
    if (!h || *h > 23 || !take(text, ":")) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || *m > 59) return std::nullopt;
    const auto offset = hours(*h) + minutes(*m);
    return west ? -offset : offset;
}

}  // namespace

std::string format_rfc3339(Time time) {
    const auto whole = floor<seconds>(time);
    const auto date = floor<days>(whole);
    const year_month_day ymd(date);
    const hh_mm_ss clock(whole - date);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                       static_cast<int>(ymd.year()),
                       static_cast<unsigned>(ymd.month()),
                       static_cast<unsigned>(ymd.day()),
                       clock.hours().count(),
                       clock.minutes().count(),
                       clock.seconds().count());
}

std::optional<Time> parse_rfc3339(std::string_view text) {
    const auto date = take_date(text);
    if (!date || !take(text, "Tt ")) return std::nullopt;
    const auto clock = take_time(text);
    if (!clock) return std::nullopt;
    milliseconds fraction(0);
    if (take(text, ".")) {
        if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
        fraction = take_fraction(text);
    }
    const auto offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;
    // Nanoseconds in 64 bits end in 2262, and differences of times have to fit as well; files say
    // 9999 for "never".
    constexpr milliseconds earliest = sys_days(1970y / January / 1).time_since_epoch();
    constexpr milliseconds latest = sys_days(2250y / January / 1).time_since_epoch();
    const milliseconds exact = date->time_since_epoch() + *clock + fraction - *offset;
    return Time(std::clamp(exact, earliest, latest));
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
    std::int64_t count = 0;
    const auto* const end = text.data() + text.size();
    const auto [unit_start, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc() || count < 0) return std::nullopt;
    const std::string_view unit(unit_start, static_cast<std::size_t>(end - unit_start));
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> units = {
        {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
    constexpr std::int64_t longest = 3650LL * 86'400'000;
    for (const auto& [name, factor] : units) {
        if (unit != name) continue;
        if (count > longest / factor) return std::nullopt;
        return Milliseconds(count * factor);
    }
    return std::nullopt;
}

std::string describe_duration(Milliseconds duration) {
    const auto total = duration_cast<seconds>(duration).count();
    if (total < 0) return "0 s";
    if (total < 60) return fmt::format("{} s", total);
    if (total < 3600) return fmt::format("{} min", total / 60);
    if (total < 86'400) return fmt::format("{} h {} min", total / 3600, total % 3600 / 60);
    return fmt::format("{} d {} h", total / 86'400, total % 86'400 / 3600);
}

}  // namespace handover::text
