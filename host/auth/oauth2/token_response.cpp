#include "auth/oauth2/token_response.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "auth/oauth2/answer_object.hpp"
#include "auth/oauth2/jwt.hpp"
#include "text/http_time.hpp"
#include "text/printable.hpp"

namespace handover::auth::oauth2 {
namespace {

namespace json = boost::json;

// No token lives longer; a greater number would overflow the clock.
constexpr std::int64_t longest_life = 100LL * 365 * 24 * 3600;  // seconds
constexpr Milliseconds longest_pause = std::chrono::hours(1);

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return out;
}

Failure malformed(std::string reason) {
    return fail({.code = Errc::auth_token_exchange_failed,
                 .message = "the token endpoint's answer cannot be used",
                 .reason = std::move(reason),
                 .fix = "try again; if it happens again, check the issuer and its endpoints"});
}

const json::value* member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    return value == nullptr || value->is_null() ? nullptr : value;
}

std::string text_member(const json::object& object, std::string_view name) {
    const auto* value = member(object, name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

// RFC 6749 appendix A.12 and A.17: VSCHAR. Anything else could not be put into a header.
bool is_token_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

// False if the member is there and is no token.
bool read_token(const json::object& object, std::string_view name, Secret& out) {
    const auto* value = member(object, name);
    if (value == nullptr) return true;
    if (!value->is_string() || !is_token_text(std::string_view(value->get_string()))) return false;
    out = Secret(std::string(value->get_string()));
    return true;
}

// Some servers send a string. Zero says no more than an absent member does.
std::optional<std::int64_t> lifetime(const json::value& value) {
    double seconds = 0;
    if (value.is_number()) {
        seconds = value.to_number<double>();
    } else if (value.is_string()) {
        const auto& text = value.get_string();
        std::int64_t whole = 0;
        const auto* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, whole);
        const bool huge = error == std::errc::result_out_of_range;
        if ((error != std::errc() && !huge) || stop != end) return std::nullopt;
        seconds = huge ? static_cast<double>(longest_life) : static_cast<double>(whole);
    }
    if (!std::isfinite(seconds) || seconds < 1) return std::nullopt;
    return static_cast<std::int64_t>(std::min(seconds, static_cast<double>(longest_life)));
}

std::optional<Time> expiry(const json::object& object, const Tokens& tokens, Time sent_at) {
    const auto* expires_in = member(object, "expires_in");
    const auto seconds = expires_in == nullptr ? std::nullopt : lifetime(*expires_in);
    if (seconds) return sent_at + std::chrono::seconds(*seconds);
    return expiry_of(tokens.access_token.reveal());
}

std::vector<std::string> split_scopes(std::string_view text) {
    std::vector<std::string> scopes;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) scopes.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return scopes;
}

std::optional<AuthorityError> error_of(const json::object& object) {
    AuthorityError found;
    const auto* error = member(object, "error");
    if (error != nullptr && error->is_object()) {
        found.code = text_member(error->get_object(), "code");
        found.description = text_member(error->get_object(), "message");
    } else if (error != nullptr && error->is_string()) {
        found.code = std::string(error->get_string());
    }
    if (found.code.empty()) found.code = text_member(object, "code");
    if (error == nullptr && found.code.empty()) return std::nullopt;
    const auto description = text_member(object, "error_description");
    if (!description.empty()) found.description = description;
    found.code = lower(text::printable(found.code, 100));
    found.description = text::printable(found.description, 300);
    return found;
}

std::string in_words(const AuthorityError& error, int status) {
    std::string words = error.code;
    if (!error.description.empty()) words += (words.empty() ? "" : ": ") + error.description;
    if (words.empty()) return "it answered " + std::to_string(status);
    return "it answered " + std::to_string(status) + ", \"" + words + "\"";
}

bool is_terminal(const std::string& code, const std::vector<std::string>& terminal_errors) {
    if (code.empty()) return false;
    if (code == "invalid_grant") return true;
    return std::any_of(terminal_errors.begin(),
                       terminal_errors.end(),
                       [&](const std::string& listed) { return lower(listed) == code; });
}

RefreshVerdict unavailable(RefreshOutcome outcome, std::string reason) {
    return {.outcome = outcome,
            .tokens = {},
            .code = {},
            .retry_after = {},
            .error = {.code = Errc::auth_refresh_unavailable,
                      .message = "the token could not be refreshed",
                      .reason = std::move(reason),
                      .fix = "try again later"}};
}

RefreshVerdict refused_for_good(const AuthorityError& error, int status) {
    return {.outcome = RefreshOutcome::terminal,
            .tokens = {},
            .code = error.code,
            .retry_after = {},
            .error = {.code = Errc::auth_session_expired,
                      .message = "the authorization server refused the refresh token",
                      .reason = in_words(error, status),
                      .fix = "handover auth login"}};
}

RefreshVerdict refused_for_now(const http::Response& response,
                               const AuthorityError& error,
                               Time sent_at) {
    auto verdict = unavailable(RefreshOutcome::transient, in_words(error, response.status));
    verdict.code = error.code;
    verdict.retry_after = asked_pause(response.headers, sent_at);
    return verdict;
}

bool is_success(int status) {
    return status >= 200 && status <= 299;
}

RefreshVerdict judge_success(const http::Response& response, Time sent_at) {
    auto tokens = parse_tokens(response.body, sent_at);
    if (!tokens) return unavailable(RefreshOutcome::unknown, tokens.error().reason);
    return {.outcome = RefreshOutcome::success,
            .tokens = std::move(*tokens),
            .code = {},
            .retry_after = {},
            .error = {}};
}

Failure exchange_failed(std::string reason) {
    return fail({.code = Errc::auth_token_exchange_failed,
                 .message = "the authorization code could not be exchanged for tokens",
                 .reason = std::move(reason),
                 .fix = "run the login again"});
}

}  // namespace

Result<Tokens> parse_tokens(std::string_view body, Time sent_at) {
    const auto object = answer_object(body);
    if (!object) return malformed("its body is not a JSON object");
    Tokens tokens;
    if (!read_token(*object, "access_token", tokens.access_token) ||
        !read_token(*object, "refresh_token", tokens.refresh_token) ||
        !read_token(*object, "id_token", tokens.id_token)) {
        return malformed("a token in it is not a text of visible characters");
    }
    // Codex's authority may leave the access token out of a refresh; the other one must not be lost
    // then.
    if (tokens.access_token.empty() && tokens.refresh_token.empty())
        return malformed("it holds no token");
    const auto token_type = text_member(*object, "token_type");
    if (!token_type.empty() && lower(token_type) != "bearer") {
        return malformed("its token_type is \"" + text::printable(token_type, 40) +
                         "\", not Bearer");
    }
    tokens.token_type = "Bearer";
    if (const auto* scope = member(*object, "scope"); scope != nullptr && scope->is_string()) {
        tokens.scopes = split_scopes(std::string_view(scope->get_string()));
    }
    if (!tokens.access_token.empty()) tokens.expires_at = expiry(*object, tokens, sent_at);
    return tokens;
}

std::optional<AuthorityError> parse_authority_error(std::string_view body) {
    const auto object = answer_object(body);
    return object ? error_of(*object) : std::nullopt;
}

RefreshVerdict judge_refresh(const http::Outcome& outcome,
                             const std::vector<std::string>& terminal_errors,
                             Time sent_at) {
    const auto& response = outcome.response;
    if (outcome.delivery == http::Delivery::not_sent) {
        return unavailable(RefreshOutcome::transient, outcome.error.reason);
    }
    if (outcome.delivery == http::Delivery::unknown) {
        return unavailable(RefreshOutcome::unknown, "the answer was lost: " + outcome.error.reason);
    }
    // A gateway speaks for an authority that may have acted.
    if (response.status == 502 || response.status == 504) {
        return unavailable(RefreshOutcome::unknown,
                           "it answered " + std::to_string(response.status));
    }
    const auto error = parse_authority_error(response.body);
    if (is_success(response.status) && !error) return judge_success(response, sent_at);
    if (error && is_terminal(error->code, terminal_errors))
        return refused_for_good(*error, response.status);
    return refused_for_now(response, error.value_or(AuthorityError()), sent_at);
}

Result<Tokens> judge_exchange(const http::Outcome& outcome, Time sent_at) {
    const auto& response = outcome.response;
    if (outcome.delivery == http::Delivery::not_sent) {
        return exchange_failed("the token endpoint cannot be reached: " + outcome.error.reason);
    }
    if (outcome.delivery == http::Delivery::unknown) {
        return exchange_failed("the token endpoint's answer was lost: " + outcome.error.reason);
    }
    const auto error = parse_authority_error(response.body);
    if (error || !is_success(response.status)) {
        return exchange_failed(in_words(error.value_or(AuthorityError()), response.status));
    }
    auto tokens = parse_tokens(response.body, sent_at);
    if (!tokens) return tokens.failure();
    if (tokens->access_token.empty()) return malformed("it holds no access token");
    return tokens;
}

std::optional<Milliseconds> asked_pause(const std::vector<http::Header>& headers, Time now) {
    const auto value = http::find_header(headers, "Retry-After");
    const auto pause = value ? text::parse_retry_after(*value, now) : std::nullopt;
    return pause ? std::optional(std::min(*pause, longest_pause)) : std::nullopt;
}

}  // namespace handover::auth::oauth2
