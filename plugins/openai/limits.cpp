// The windows of OpenAI-shaped services: x-ratelimit-{limit,remaining,reset}-KIND, where KIND is
// "requests", "tokens" or a service's own.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "failures/retry_time.hpp"
#include "openai/openai.hpp"

namespace handover::openai {
namespace {

constexpr std::string_view start = "x-ratelimit-";

// Azure answers -1 where it does not know.
std::optional<std::int64_t> count(std::optional<std::string_view> text) {
    if (!text) return std::nullopt;
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    const bool whole = error == std::errc() && rest == text->data() + text->size();
    return whole && value >= 0 ? std::optional(value) : std::nullopt;
}

// A duration text ("6m0s", "12ms"), or plain seconds as Azure sends them. Rounded up: the window is
// not full before.
std::optional<std::int64_t> reset_of(std::optional<std::string_view> text, std::int64_t now) {
    if (!text) return std::nullopt;
    constexpr double longest = 366.0 * 24 * 3600;  // more is nobody's
    if (const auto seconds = count(text)) {
        if (static_cast<double>(*seconds) > longest) return std::nullopt;
        return now + *seconds;
    }
    const auto seconds = failures::leading_duration(*text);
    if (!seconds || *seconds > longest) return std::nullopt;
    return now + static_cast<std::int64_t>(std::ceil(*seconds));
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return out;
}

// "tokens" of "x-ratelimit-remaining-tokens"; nothing for another header.
std::optional<std::string> kind_of(std::string_view header) {
    // Nearly no header of an answer begins so.
    if (header.size() <= start.size() || (header.front() | 0x20) != start.front())
        return std::nullopt;
    if (lowered(header.substr(0, start.size())) != start) return std::nullopt;
    const auto rest = lowered(header.substr(start.size()));
    for (const std::string_view member : {"limit-", "remaining-"}) {
        if (rest.size() > member.size() && rest.starts_with(member))
            return rest.substr(member.size());
    }
    return std::nullopt;
}

bool is_known(const std::vector<sdk::LimitWindow>& windows, const std::string& name) {
    return std::any_of(
        windows.begin(), windows.end(), [&](const auto& window) { return window.name == name; });
}

}  // namespace

std::vector<sdk::LimitWindow> limits(const sdk::AnswerHeaders& answer) {
    std::vector<sdk::LimitWindow> windows;
    for (const auto& header : answer.headers) {
        const auto kind = kind_of(header.name);
        if (!kind || is_known(windows, *kind)) continue;
        const auto value = [&](const char* member) {
            return answer.header(std::string(start) + member + *kind);
        };
        sdk::LimitWindow window{.name = *kind,
                                .limit = count(value("limit-")),
                                .remaining = count(value("remaining-")),
                                .resets_at = reset_of(value("reset-"), answer.now)};
        if (window.limit || window.remaining) windows.push_back(std::move(window));
    }
    return windows;
}

}  // namespace handover::openai
