#include "failures/verdict.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "failures/retry_time.hpp"

namespace handover::failures {
namespace {

using sdk::Verdict;

struct Meaning {
    std::string_view word;
    Verdict verdict;
};

// Codes and types share one list: services put the same words into either.
constexpr std::array meanings = {
    Meaning{"insufficient_quota", Verdict::quota_exhausted},
    Meaning{"credit_balance_exhausted", Verdict::quota_exhausted},
    Meaning{"insufficient_balance", Verdict::quota_exhausted},
    Meaning{"insufficient_credits", Verdict::quota_exhausted},
    Meaning{"billing_hard_limit_reached", Verdict::quota_exhausted},
    Meaning{"billing_limit_reached", Verdict::quota_exhausted},
    Meaning{"billing_not_active", Verdict::quota_exhausted},
    Meaning{"quota_exceeded", Verdict::quota_exhausted},
    Meaning{"spend_limit_reached", Verdict::quota_exhausted},
    Meaning{"spending_limit_reached", Verdict::quota_exhausted},
    Meaning{"usage_limit_reached", Verdict::quota_exhausted},
    Meaning{"usage_limit_exceeded", Verdict::quota_exhausted},
    Meaning{"usage_not_included", Verdict::quota_exhausted},

    Meaning{"rate_limit_exceeded", Verdict::rate_limited},
    Meaning{"rate_limit_error", Verdict::rate_limited},
    Meaning{"rate_limited", Verdict::rate_limited},
    Meaning{"too_many_requests", Verdict::rate_limited},
    Meaning{"requests", Verdict::rate_limited},
    Meaning{"tokens", Verdict::rate_limited},

    Meaning{"invalid_api_key", Verdict::authentication},
    Meaning{"invalid_authentication", Verdict::authentication},
    Meaning{"invalid_organization", Verdict::authentication},
    Meaning{"account_deactivated", Verdict::authentication},
    Meaning{"authentication_error", Verdict::authentication},
    Meaning{"token_expired", Verdict::authentication},
    Meaning{"token_invalidated", Verdict::authentication},

    Meaning{"server_is_overloaded", Verdict::overloaded},
    Meaning{"overloaded_error", Verdict::overloaded},
    Meaning{"engine_overloaded", Verdict::overloaded},
    Meaning{"model_overloaded", Verdict::overloaded},
    Meaning{"capacity_exceeded", Verdict::overloaded},
    Meaning{"service_unavailable_error", Verdict::overloaded},

    Meaning{"context_length_exceeded", Verdict::invalid_request},
    Meaning{"unsupported_parameter", Verdict::invalid_request},
    Meaning{"unsupported_value", Verdict::invalid_request},
    Meaning{"invalid_value", Verdict::invalid_request},
    Meaning{"missing_required_parameter", Verdict::invalid_request},
    Meaning{"model_not_found", Verdict::invalid_request},
    Meaning{"invalid_prompt", Verdict::invalid_request},
    Meaning{"invalid_image", Verdict::invalid_request},
    Meaning{"image_too_large", Verdict::invalid_request},
    Meaning{"cyber_policy", Verdict::invalid_request},
    Meaning{"bio_policy", Verdict::invalid_request},
    Meaning{"content_filter", Verdict::invalid_request},
    Meaning{"content_policy_violation", Verdict::invalid_request},
    Meaning{"data_residency_mismatch", Verdict::invalid_request},
    Meaning{"unsupported_country_region_territory", Verdict::invalid_request},
    Meaning{"not_found_error", Verdict::invalid_request},
    Meaning{"permission_error", Verdict::invalid_request},

    Meaning{"server_error", Verdict::transient},
    Meaning{"api_error", Verdict::transient},
    Meaning{"internal_error", Verdict::transient},
    Meaning{"internal_server_error", Verdict::transient},
    Meaning{"vector_store_timeout", Verdict::transient},
};

std::optional<Verdict> meaning_of(std::string_view word, std::uint32_t status) {
    // The ramp was too steep (429), or the service is full (503 and streams).
    if (word == "slow_down") return status == 429 ? Verdict::rate_limited : Verdict::overloaded;
    const auto* const found = std::find_if(
        meanings.begin(), meanings.end(), [&](const Meaning& m) { return m.word == word; });
    return found == meanings.end() ? std::nullopt : std::optional(found->verdict);
}

Verdict meaning_of_status(std::uint32_t status) {
    switch (status) {
        case 401:
            return Verdict::authentication;
        case 402:  // DeepSeek and OpenRouter: the balance is used up
            return Verdict::quota_exhausted;
        case 408:
        case 409:
        case 425:
            return Verdict::transient;
        case 429:
            return Verdict::rate_limited;
        case 498:  // Groq: flex tier at capacity
        case 503:
        case 529:
            return Verdict::overloaded;
        default:
            break;
    }
    if (status >= 500) return Verdict::transient;
    if (status >= 400) return Verdict::invalid_request;
    return status == 0 ? Verdict::transient : Verdict::other;
}

bool may_be_retried(Verdict verdict) {
    return verdict == Verdict::rate_limited || verdict == Verdict::quota_exhausted ||
           verdict == Verdict::overloaded || verdict == Verdict::transient;
}

}  // namespace

sdk::Verdict judge(std::uint32_t status, const ErrorBody& error) {
    if (const auto verdict = meaning_of(error.code, status)) return *verdict;
    // In a stream, where there is no status: OpenRouter's integer codes are HTTP statuses.
    if (error.code.size() == 3 && error.code.find_first_not_of("0123456789") == std::string::npos) {
        return meaning_of_status(static_cast<std::uint32_t>(std::stoul(error.code)));
    }
    // The type that OpenAI gives to a bad request, and to a bad key as well.
    if (error.type == "invalid_request_error" && (status == 0 || status == 400)) {
        return Verdict::invalid_request;
    }
    if (const auto verdict = meaning_of(error.type, status)) return *verdict;
    return meaning_of_status(status);
}

std::string message_for(std::uint32_t status, const ErrorBody& error) {
    if (error.kind == BodyKind::html) {
        const auto shown = status == 0 ? std::string() : " (status " + std::to_string(status) + ')';
        return "an HTML page came back" + shown +
               ": the base URL may be wrong, or a proxy answered in the service's place";
    }
    if (!error.message.empty()) return error.message;
    if (!error.code.empty()) return error.code;
    return error.type;
}

sdk::Classification classify(const sdk::Failure& failure, const ErrorBody& error) {
    sdk::Classification answer{.verdict = judge(failure.status, error),
                               .message = message_for(failure.status, error)};
    if (may_be_retried(answer.verdict)) answer.until = retry_time(failure, error.message);
    return answer;
}

}  // namespace handover::failures
