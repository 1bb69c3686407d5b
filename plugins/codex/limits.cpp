// The plan's windows, as the codex backend's headers tell them:
// x-codex-{primary,secondary}-{used-percent,window-minutes,reset-at,reset-after-seconds}; further
// limits carry their own id in place of "codex".
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "codex/codex.hpp"

namespace handover::codex {
namespace {

constexpr std::string_view start = "x-";
constexpr std::string_view end = "-used-percent";
// Beyond any date, and below what an integer holds.
constexpr double most = 4e12;

std::optional<double> number(std::optional<std::string_view> text) {
    if (!text) return std::nullopt;
    double value = 0;
    const auto [rest, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    const bool whole = error == std::errc() && rest == text->data() + text->size();
    return whole && value >= 0 && value <= most ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> integer(std::optional<double> value) {
    if (!value) return std::nullopt;
    return static_cast<std::int64_t>(std::floor(*value));
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return lower;
}

// "codex-primary" of "x-codex-primary-used-percent"; nothing for another header.
std::optional<std::string> window_of(std::string_view header) {
    auto name = lower_case(header);
    if (name.size() <= start.size() + end.size() || !name.starts_with(start) ||
        !name.ends_with(end))
        return std::nullopt;
    name = name.substr(start.size(), name.size() - start.size() - end.size());
    if (!name.ends_with("-primary") && !name.ends_with("-secondary")) return std::nullopt;
    return name;
}

std::optional<std::int64_t> reset_of(const sdk::AnswerHeaders& answer, const std::string& prefix) {
    if (const auto at = number(answer.header(prefix + "reset-at"))) return integer(at);
    const auto wait = number(answer.header(prefix + "reset-after-seconds"));
    if (!wait) return std::nullopt;
    return answer.now + static_cast<std::int64_t>(std::ceil(*wait));
}

// The plan's own windows are known by their plain names.
std::string shown_name(const std::string& window) {
    constexpr std::string_view own = "codex-";
    return window.starts_with(own) ? window.substr(own.size()) : window;
}

}  // namespace

std::vector<sdk::LimitWindow> limits(const sdk::AnswerHeaders& answer) {
    std::vector<sdk::LimitWindow> windows;
    for (const auto& header : answer.headers) {
        const auto window = window_of(header.name);
        const auto used = number(header.value);
        if (!window || !used) continue;
        const auto prefix = std::string(start) + *window + "-";
        constexpr double seconds_per_minute = 60;
        const auto minutes = number(answer.header(prefix + "window-minutes"));
        windows.push_back(
            {.name = shown_name(*window),
             .used_percent = used,
             .window_seconds = minutes ? integer(*minutes * seconds_per_minute) : std::nullopt,
             .resets_at = reset_of(answer, prefix)});
    }
    return windows;
}

}  // namespace handover::codex
