#include "run/error_mapping.hpp"

#include "secret/secret.hpp"
#include "text/printable.hpp"
#include "text/time.hpp"

namespace handover::run {
namespace {

using plugins::Verdict;

// The provider's own words, or a piece of the body where the plugin found none, and what names the
// request in its support's logs.
std::string their_words(const plugins::Classification& classification,
                        const http::Response& failed,
                        const Origin& origin) {
    const auto words = text::printable(
        redact(classification.message.empty() ? std::string_view(failed.body).substr(0, 2000)
                                              : classification.message),
        400);
    std::string reason;
    if (failed.status != 0) reason = "status " + std::to_string(failed.status);
    if (!words.empty())
        reason += (reason.empty() ? "" : "; ") + origin.provider + " says: \"" + words + '"';
    for (const auto* name : {"x-request-id", "x-oai-request-id"}) {
        if (const auto id = http::find_header(failed.headers, name)) {
            return reason + " (request " + text::printable(*id, 100) + ')';
        }
    }
    return reason;
}

std::string login_command(const Origin& origin) {
    const bool named = !origin.account.empty() && origin.account != "default";
    return "handover auth login " + origin.provider + (named ? " --account " + origin.account : "");
}

std::string until_text(std::optional<Time> until, Time now) {
    if (!until) return {};
    const auto left = std::chrono::ceil<Milliseconds>(*until - now);
    return " until " + text::format_rfc3339(*until) +
           (left.count() > 0 ? " (in " + text::describe_duration(left) + ')' : "");
}

Error refused_credential(const Origin& origin, std::string reason) {
    if (origin.kind == auth::Kind::oauth2) {
        return {.code = Errc::auth_session_expired,
                .message = origin.provider + " does not accept the login any more",
                .reason = std::move(reason),
                .fix = login_command(origin)};
    }
    if (origin.kind == auth::Kind::none) {
        return {.code = Errc::auth_no_credential,
                .message = origin.provider + " wants a credential, and none is configured for it",
                .reason = std::move(reason),
                .fix = "give [providers." + origin.provider + "] an auth method of kind api_key"};
    }
    const bool from_environment = origin.source.starts_with("env:");
    return {.code = Errc::auth_denied,
            .message = origin.provider + " refuses the API key" +
                       (origin.source.empty() ? "" : " (" + origin.source + ')'),
            .reason = std::move(reason),
            .fix = from_environment ? "set " + origin.source.substr(4) + " to a valid key"
                                    : login_command(origin) + " --with-api-key"};
}

Error too_fast(const Origin& origin, std::string reason, std::optional<Milliseconds> asked) {
    return {
        .code = Errc::provider_rate_limited,
        .message = origin.provider + " is limiting the rate of requests",
        .reason = std::move(reason),
        .fix = asked ? "try again in " + text::describe_duration(*asked) : "try again in a while"};
}

}  // namespace

plugins::Verdict settled_verdict(plugins::Verdict verdict, int status) {
    if (verdict != Verdict::other) return verdict;
    if (status == 401) return Verdict::authentication;
    if (status == 429) return Verdict::rate_limited;
    if (status == 503) return Verdict::overloaded;
    if (status == 408 || status == 409 || status >= 500) return Verdict::transient;
    return status >= 400 ? Verdict::invalid_request : Verdict::other;
}

bool is_worth_retrying(plugins::Verdict verdict) {
    return verdict == Verdict::rate_limited || verdict == Verdict::overloaded ||
           verdict == Verdict::transient;
}

Error provider_error(const plugins::Classification& classification,
                     const http::Response& failed,
                     const Origin& origin,
                     std::optional<Milliseconds> asked,
                     Time now) {
    auto reason = their_words(classification, failed, origin);
    switch (settled_verdict(classification.verdict, failed.status)) {
        case Verdict::authentication:
            return refused_credential(origin, std::move(reason));
        case Verdict::rate_limited:
            return too_fast(origin, std::move(reason), asked);
        case Verdict::quota_exhausted:
            return {
                .code = Errc::provider_quota_exhausted,
                .message = "the quota at " + origin.provider + " is used up" +
                           until_text(classification.until, now),
                .reason = std::move(reason),
                .fix = classification.until
                           ? "wait until then, or use another provider with -p"
                           : "check plan and billing at the provider, or use another one with -p"};
        case Verdict::invalid_request:
            return {.code = Errc::provider_rejected,
                    .message = origin.provider + " rejected the request",
                    .reason = std::move(reason),
                    .fix = {}};
        case Verdict::overloaded:
            return {.code = Errc::provider_unavailable,
                    .message = origin.provider + " is overloaded",
                    .reason = std::move(reason),
                    .fix = "try again in a while"};
        case Verdict::transient:
            return {.code = Errc::provider_unavailable,
                    .message = origin.provider + " failed",
                    .reason = std::move(reason),
                    .fix = "try again in a while"};
        case Verdict::other:
            break;
    }
    return {.code = Errc::provider_rejected,
            .message = origin.provider + " answered with an error",
            .reason = std::move(reason),
            .fix = {}};
}

Error redirect_error(int status, const std::vector<http::Header>& headers, const Origin& origin) {
    const auto location = http::find_header(headers, "location").value_or("elsewhere");
    return {.code = Errc::provider_rejected,
            .message = origin.provider + " answered with a redirect, which is not followed",
            .reason = "status " + std::to_string(status) + "; it leads to " +
                      text::printable(location, 200),
            .fix = "correct the provider's base_url"};
}

}  // namespace handover::run
