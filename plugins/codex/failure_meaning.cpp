// What the codex backend's failures mean, where they differ from those of OpenAI-shaped services at
// large.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "codex/codex.hpp"
#include "failures/retry_time.hpp"
#include "failures/verdict.hpp"

namespace handover::codex {
namespace {

using failures::ErrorBody;
using sdk::Verdict;

bool contains(std::string_view text, std::string_view lower_case) {
    const auto found = std::search(
        text.begin(), text.end(), lower_case.begin(), lower_case.end(), [](char a, char b) {
            return std::tolower(static_cast<unsigned char>(a)) == b;
        });
    return found != text.end();
}

// Code and type share the words; either may carry them.
bool says(const ErrorBody& error, std::string_view word) {
    return error.code == word || error.type == word;
}

// The plan's window is used up. Seen as 429 with its type, and as 404 with nothing but the text.
bool is_usage_limit(const sdk::Failure& failure, const ErrorBody& error) {
    return says(error, "usage_limit_reached") ||
           says(error, "subscription_sharing_usage_limit_exceeded") ||
           (failure.status == 404 && contains(error.message, "usage limit"));
}

std::optional<double> number(std::optional<std::string_view> text) {
    if (!text) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    const bool whole = error == std::errc() && end == text->data() + text->size();
    // Beyond any date, and below what an integer holds.
    constexpr double most = 4e12;
    return whole && value >= 0 && value <= most ? std::optional(value) : std::nullopt;
}

// When the window that is full opens again; the later one if both are full.
std::optional<std::int64_t> window_reset(const sdk::Failure& failure) {
    std::optional<std::int64_t> reset;
    for (const std::string window : {"x-codex-primary-", "x-codex-secondary-"}) {
        const auto used = number(failure.header(window + "used-percent"));
        if (!used || *used < 100) continue;
        auto at = number(failure.header(window + "reset-at"));
        if (!at) {
            const auto wait = number(failure.header(window + "reset-after-seconds"));
            if (wait) at = static_cast<double>(failure.now) + *wait;
        }
        if (at) reset = std::max(reset.value_or(0), static_cast<std::int64_t>(*at));
    }
    return reset;
}

std::optional<std::int64_t> limit_reset(const sdk::Failure& failure, const ErrorBody& error) {
    if (error.resets_at) return error.resets_at;
    if (error.resets_in_seconds) return failure.now + *error.resets_in_seconds;
    if (const auto reset = window_reset(failure)) return reset;
    return failures::retry_time(failure, error.message);
}

sdk::Classification usage_limit(const sdk::Failure& failure, const ErrorBody& error) {
    auto message = error.message.empty() ? "The usage limit has been reached" : error.message;
    if (!error.plan_type.empty()) message += " (plan " + error.plan_type + ")";
    return {.verdict = Verdict::quota_exhausted,
            .until = limit_reset(failure, error),
            .message = std::move(message)};
}

// A page of the bot protection in front of the backend. Signing in again would change nothing, and
// neither would a retry.
bool is_challenge(const sdk::Failure& failure, const ErrorBody& error) {
    return failure.header("cf-mitigated").has_value() ||
           (failure.status == 403 && error.kind == failures::BodyKind::html);
}

std::optional<Verdict> own_verdict(const ErrorBody& error) {
    struct Meaning {
        std::string_view word;
        Verdict verdict;
    };
    constexpr std::array meanings = {
        Meaning{"subscription_sharing_user_not_eligible", Verdict::invalid_request},
        Meaning{"subscription_sharing_unsupported_capability", Verdict::invalid_request},
        Meaning{"subscription_sharing_route_not_supported", Verdict::invalid_request},
        Meaning{"subscription_sharing_usage_unavailable", Verdict::overloaded},
        Meaning{"subscription_sharing_invalid_user", Verdict::authentication},
    };
    for (const auto& meaning : meanings) {
        if (says(error, meaning.word)) return meaning.verdict;
    }
    if (contains(error.message, "at capacity")) return Verdict::overloaded;
    return std::nullopt;
}

}  // namespace

sdk::Classification classify(const sdk::Failure& failure) {
    const auto error = failures::read_error_body(failure.body);
    if (is_challenge(failure, error)) {
        return {.verdict = Verdict::invalid_request,
                .message =
                    "the bot protection in front of the service refused the request (status " +
                    std::to_string(failure.status) +
                    "); the sign-in is not at fault. It may refuse this network's addresses or the "
                    "originator option"};
    }
    if (is_usage_limit(failure, error)) return usage_limit(failure, error);
    if (says(error, "usage_not_included")) {
        return {
            .verdict = Verdict::quota_exhausted,
            .message = error.message.empty() ? "The plan does not include Codex" : error.message};
    }
    auto answer = failures::classify(failure, error);
    if (const auto verdict = own_verdict(error)) answer.verdict = *verdict;
    return answer;
}

}  // namespace handover::codex
