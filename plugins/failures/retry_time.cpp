#include "failures/retry_time.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>

namespace handover::failures {
namespace {

constexpr double longest_wait = 366.0 * 24 * 3600;  // seconds

// Digits with an optional fraction; cuts what it read from `text`.
std::optional<double> take_number(std::string_view& text) {
    std::size_t size = 0;
    while (size < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[size])) != 0 || text[size] == '.')) {
        ++size;
    }
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + size, number, std::chars_format::fixed);
    if (size == 0 || error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

void skip_spaces(std::string_view& text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

std::string take_letters(std::string_view& text) {
    std::string letters;
    while (!text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0) {
        letters += static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
        text.remove_prefix(1);
    }
    return letters;
}

// Seconds of one unit; nothing for a word that is none.
std::optional<double> unit_seconds(std::string_view unit) {
    struct Unit {
        std::string_view name;
        double seconds;
    };
    constexpr std::array units = {Unit{"ms", 0.001},
                                  Unit{"milliseconds", 0.001},
                                  Unit{"s", 1},
                                  Unit{"sec", 1},
                                  Unit{"second", 1},
                                  Unit{"seconds", 1},
                                  Unit{"m", 60},
                                  Unit{"min", 60},
                                  Unit{"minute", 60},
                                  Unit{"minutes", 60},
                                  Unit{"h", 3600},
                                  Unit{"hour", 3600},
                                  Unit{"hours", 3600},
                                  Unit{"d", 86400},
                                  Unit{"day", 86400},
                                  Unit{"days", 86400}};
    const auto* const found = std::find_if(
        units.begin(), units.end(), [&](const Unit& candidate) { return candidate.name == unit; });
    return found == units.end() ? std::nullopt : std::optional(found->seconds);
}

std::optional<std::int64_t> after(std::int64_t now, std::optional<double> wait) {
    if (!wait || !(*wait >= 0 && *wait <= longest_wait)) return std::nullopt;
    return now + static_cast<std::int64_t>(std::ceil(*wait));
}

// A number and nothing else.
std::optional<double> whole_number(std::string_view text) {
    const auto number = take_number(text);
    return text.empty() ? number : std::nullopt;
}

std::optional<std::int64_t> from_header(std::string_view value, std::int64_t now) {
    if (const auto wait = whole_number(value)) return after(now, wait);
    const auto date = parse_http_date(value);
    return date ? after(now, static_cast<double>(std::max<std::int64_t>(*date - now, 0)))
                : std::nullopt;
}

std::optional<std::int64_t> from_message(std::string_view message, std::int64_t now) {
    constexpr std::string_view phrase = "try again in ";
    const auto at = std::search(
        message.begin(), message.end(), phrase.begin(), phrase.end(), [](char a, char b) {
            return std::tolower(static_cast<unsigned char>(a)) == b;
        });
    if (at == message.end()) return std::nullopt;
    const auto start = static_cast<std::size_t>(at - message.begin()) + phrase.size();
    return after(now, leading_duration(message.substr(start)));
}

std::optional<unsigned> digits(std::string_view text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<unsigned> month_number(std::string_view name) {
    constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto at = names.find(name);
    if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
    return static_cast<unsigned>(at / 3 + 1);
}

}  // namespace

std::optional<double> leading_duration(std::string_view text) {
    std::optional<double> total;
    while (true) {
        auto rest = text;
        const auto number = take_number(rest);
        skip_spaces(rest);
        const auto unit = number ? unit_seconds(take_letters(rest)) : std::nullopt;
        if (!unit) return total;
        total = total.value_or(0) + *number * *unit;
        text = rest;
    }
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    // Sun, 06 Nov 1994 08:49:37 GMT
    constexpr std::size_t size = 29;
    if (text.size() != size || text.substr(25) != " GMT" || text[3] != ',' || text[4] != ' ' ||
        text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' ||
        text[22] != ':') {
        return std::nullopt;
    }
    const auto day = digits(text.substr(5, 2));
    const auto month = month_number(text.substr(8, 3));
    const auto year = digits(text.substr(12, 4));
    const auto hour = digits(text.substr(17, 2));
    const auto minute = digits(text.substr(20, 2));
    const auto second = digits(text.substr(23, 2));
    if (!day || !month || !year || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month),
                                           std::chrono::day(*day));
    // 60 is a leap second.
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const auto days = std::chrono::sys_days(date).time_since_epoch();
    const auto time = days + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                      std::chrono::seconds(*second);
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

std::optional<std::int64_t> retry_time(const sdk::Failure& failure, std::string_view message) {
    constexpr double milliseconds = 1000;
    if (const auto value = failure.header("retry-after-ms")) {
        const auto wait = whole_number(*value);
        if (wait) return after(failure.now, *wait / milliseconds);
    }
    if (const auto value = failure.header("retry-after")) {
        if (const auto time = from_header(*value, failure.now)) return time;
    }
    return from_message(message, failure.now);
}

}  // namespace handover::failures
