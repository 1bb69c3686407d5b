#include "gateway/upstream_error.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "http/retry_policy.hpp"
#include "run/raw_json.hpp"
#include "secret/secret.hpp"

namespace handover::gateway {
namespace {

constexpr std::chrono::seconds soon(1);
// No official client waits longer than this for a Retry-After (python; node half of it): it would
// only come back too early.
constexpr std::chrono::seconds longest_client_wait(120);

// The status and what an OpenAI client reads beside it.
struct Meaning {
    int status = 500;
    const char* type = "server_error";
    const char* code = "";  // empty: the stable code, in small letters
};

Meaning meaning_of(Errc code) {
    switch (code) {
        case Errc::provider_rejected:
        case Errc::usage:
            return {.status = 400, .type = "invalid_request_error", .code = "invalid_request"};
        case Errc::provider_unknown:
            return {.status = 404, .type = "invalid_request_error", .code = "model_not_found"};
        case Errc::provider_rate_limited:
            return {.status = 429, .type = "requests", .code = "rate_limit_exceeded"};
        case Errc::provider_quota_exhausted:
            return {.status = 429, .type = "insufficient_quota", .code = "insufficient_quota"};
        case Errc::provider_unavailable:
        case Errc::auth_refresh_unavailable:
        case Errc::auth_timeout:
            return {.status = 503, .type = "service_unavailable_error"};
        case Errc::auth_no_credential:
        case Errc::auth_not_logged_in:
        case Errc::auth_session_expired:
        case Errc::auth_denied:
            return {.status = 401, .type = "authentication_error"};
        default:
            return {};
    }
}

std::string in_small_letters(std::string_view name) {
    std::string out(name);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::string in_words(const Error& error) {
    auto words = error.message;
    if (!error.reason.empty()) words += ": " + error.reason;
    if (!error.fix.empty()) words += " (" + error.fix + ')';
    return words;
}

bool is_limit(Errc code) {
    return code == Errc::provider_rate_limited || code == Errc::provider_quota_exhausted;
}

// The provider's own status where it says what the error's code says too.
int status_of(const UpstreamFailure& failure, const Meaning& meaning) {
    if (!failure.refusal || is_limit(failure.error.code)) return meaning.status;
    const int theirs = failure.refusal->status;
    const bool same_kind = theirs / 100 == meaning.status / 100;
    return same_kind && meaning.status != 401 && theirs != 401 && theirs != 407 ? theirs
                                                                                : meaning.status;
}

std::optional<std::chrono::seconds> wait_of(const UpstreamFailure& failure, Time now) {
    if (failure.queue_wait) return failure.queue_wait;
    std::optional<Milliseconds> wait;
    if (failure.reset && *failure.reset > now)
        wait = std::chrono::ceil<Milliseconds>(*failure.reset - now);
    if (!wait && failure.refusal) wait = http::retry_after(failure.refusal->headers, now);
    if (wait) return std::max(std::chrono::ceil<std::chrono::seconds>(*wait), soon);
    // Without a pause the next request is what tries it again.
    return failure.error.code == Errc::auth_refresh_unavailable ? std::optional(soon)
                                                                : std::nullopt;
}

// Official clients repeat 408, 409, 429 and everything from 500 on by the status alone.
std::optional<bool> should_retry(const UpstreamFailure& failure,
                                 int status,
                                 int retries,
                                 std::optional<std::chrono::seconds> wait) {
    if (failure.queue_wait) return true;
    const auto code = failure.error.code;
    if (code == Errc::provider_quota_exhausted) return false;
    const bool repeated_here = code == Errc::provider_unavailable || is_limit(code);
    if (repeated_here) return retries > 0 ? std::optional(false) : std::nullopt;
    // A login that is missing, a broken plugin, a wrong config: the next try ends the same way.
    if (status != 429 && status < 500) return std::nullopt;
    return code == Errc::auth_refresh_unavailable && (!wait || *wait <= longest_client_wait);
}

std::string member_text(std::string_view object, std::string_view name) {
    const auto raw = run::raw_member(object, name);
    if (!raw || raw->empty() || raw->front() != '"') return {};
    boost::system::error_code bad;
    const auto value = boost::json::parse(boost::json::string_view(raw->data(), raw->size()), bad);
    const auto* text = bad ? nullptr : value.if_string();
    return text == nullptr ? std::string() : std::string(std::string_view(*text));
}

}  // namespace

ApiError api_error(const UpstreamFailure& failure, int retries, Time now) {
    const auto meaning = meaning_of(failure.error.code);
    const auto* code = meaning.code;
    ApiError error = {
        .status = status_of(failure, meaning),
        .message = in_words(failure.error),
        .type = meaning.type,
        .code = *code != '\0' ? code : in_small_letters(code_name(failure.error.code)),
    };
    if (const auto body = error_as_it_came(failure)) {
        const auto inner = run::raw_member(*body, "error").value_or("{}");
        if (auto type = member_text(inner, "type"); !type.empty()) error.type = std::move(type);
        if (auto theirs = member_text(inner, "code"); !theirs.empty())
            error.code = std::move(theirs);
        error.param = member_text(inner, "param");
    }
    if (error.status == 429 || error.status == 503) error.retry_after = wait_of(failure, now);
    error.should_retry = should_retry(failure, error.status, retries, error.retry_after);
    return error;
}

std::optional<std::string> error_as_it_came(const UpstreamFailure& failure) {
    const auto code = failure.error.code;
    const bool theirs =
        is_limit(code) || code == Errc::provider_rejected || code == Errc::provider_unavailable;
    if (!theirs || !failure.refusal) return std::nullopt;
    boost::system::error_code bad;
    const auto& body = failure.refusal->body;
    const auto value = boost::json::parse(body, bad);
    if (bad || !value.is_object()) return std::nullopt;
    const auto* inner = value.get_object().if_contains("error");
    const auto* object = inner == nullptr ? nullptr : inner->if_object();
    const auto* message = object == nullptr ? nullptr : object->if_contains("message");
    if (message == nullptr || !message->is_string()) return std::nullopt;
    return redact(body);
}

bool is_worth_a_fallback(const UpstreamFailure& failure) {
    if (failure.queue_wait) return false;
    const auto code = failure.error.code;
    return is_limit(code) || code == Errc::provider_unavailable ||
           code == Errc::auth_refresh_unavailable;
}

}  // namespace handover::gateway
