#include "auth/oauth2/device_authorization.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "auth/oauth2/answer_object.hpp"
#include "auth/oauth2/endpoint_url.hpp"
#include "auth/oauth2/request_body.hpp"
#include "text/printable.hpp"

namespace handover::auth::oauth2 {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr std::string_view device_grant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr std::size_t longest_user_code = 64;
constexpr auto default_interval = seconds(5);  // RFC 8628 section 3.2
constexpr auto slow_down_step = seconds(5);    // section 3.5
// What the codex authority goes by; also where a server leaves the required expires_in out, since
// it says expired_token by itself.
constexpr auto usual_lifetime = seconds(15 * 60);
constexpr auto longest_lifetime = seconds(24 * 3600);
constexpr auto longest_interval = seconds(3600);
constexpr auto longest_backoff = seconds(60);

Failure unusable(std::string reason) {
    return fail({.code = Errc::auth_token_exchange_failed,
                 .message = "the authorization server's answer to the device login cannot be used",
                 .reason = std::move(reason),
                 .fix = "try again; if it happens again, check the issuer and its endpoints"});
}

std::string text_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

// A number, or a text that is one: the codex authority sends "5". Nothing below one second.
std::optional<seconds> seconds_member(const json::object& object,
                                      std::string_view name,
                                      seconds most) {
    const auto* value = object.if_contains({name.data(), name.size()});
    double number = 0;
    if (value != nullptr && value->is_number()) {
        number = std::ceil(value->to_number<double>());
    } else if (value != nullptr && value->is_string()) {
        const auto& text = value->get_string();
        const auto* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        if (error != std::errc() || stop != end) return std::nullopt;
        number = std::ceil(number);
    }
    if (!std::isfinite(number) || number < 1) return std::nullopt;
    return seconds(static_cast<seconds::rep>(std::min(number, static_cast<double>(most.count()))));
}

// Shown on a terminal and typed by a person; the device code only has to survive a form.
bool is_visible(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

bool is_user_code(std::string_view text) {
    return text.size() <= longest_user_code && !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7F; });
}

bool may_be_shown(const std::string& url) {
    return is_visible(url) && check_endpoint_url(url, "verification_uri").has_value();
}

bool is_success(int status) {
    return status >= 200 && status <= 299;
}

// Not an answer to the question: the server is busy, down or behind a gateway that says so.
bool is_passing(int status) {
    return status == 429 || status >= 500;
}

std::string in_words(int status, const std::optional<AuthorityError>& error) {
    auto words = "it answered " + std::to_string(status);
    if (!error) return words;
    words += ", \"" + error->code;
    if (!error->description.empty())
        words += (error->code.empty() ? "" : ": ") + error->description;
    return words + "\"";
}

Failure not_offered(std::string reason) {
    return fail({.code = Errc::auth_method_unsupported,
                 .message = "the authorization server offers no device login here",
                 .reason = std::move(reason),
                 .fix = "switch device login on in the account's security settings, where there is "
                        "such a setting, or log in without --device"});
}

Result<json::object> successful_object(DeviceFlow flow, const http::Outcome& outcome) {
    if (outcome.delivery != http::Delivery::answered) {
        return unusable("it cannot be reached: " + outcome.error.message +
                        (outcome.error.reason.empty() ? "" : ": " + outcome.error.reason));
    }
    const auto& response = outcome.response;
    auto object = answer_object(response.body);
    const auto error = object ? parse_authority_error(response.body) : std::nullopt;
    const bool unknown_client =
        error && (error->code == "unauthorized_client" || error->code == "unsupported_grant_type");
    if (response.status == 404 || unknown_client)
        return not_offered(in_words(response.status, error));
    if (!is_success(response.status) || (flow == DeviceFlow::rfc8628 && error))
        return unusable(in_words(response.status, error));
    if (!object) return unusable("its body is not a JSON object");
    return std::move(*object);
}

DeviceAuthorization read_rfc8628(const json::object& object) {
    DeviceAuthorization device;
    device.device_code = Secret(text_member(object, "device_code"));
    device.user_code = text_member(object, "user_code");
    device.verification_uri = text_member(object, "verification_uri");
    // An early draft's name, still sent by some.
    if (device.verification_uri.empty())
        device.verification_uri = text_member(object, "verification_url");
    device.verification_uri_complete = text_member(object, "verification_uri_complete");
    if (!may_be_shown(device.verification_uri_complete)) device.verification_uri_complete.clear();
    device.expires_in =
        seconds_member(object, "expires_in", longest_lifetime).value_or(usual_lifetime);
    device.interval =
        seconds_member(object, "interval", longest_interval).value_or(default_interval);
    return device;
}

DeviceAuthorization read_codex(const json::object& object, const std::string& verification_uri) {
    DeviceAuthorization device;
    device.device_code = Secret(text_member(object, "device_auth_id"));
    device.user_code = text_member(object, "user_code");
    if (device.user_code.empty()) device.user_code = text_member(object, "usercode");
    device.verification_uri = verification_uri;
    device.expires_in = usual_lifetime;
    device.interval =
        seconds_member(object, "interval", longest_interval).value_or(default_interval);
    return device;
}

DevicePoll refused(Errc code, std::string message, std::string reason) {
    DevicePoll poll;
    poll.answer = PollAnswer::refused;
    poll.error = {.code = code,
                  .message = std::move(message),
                  .reason = std::move(reason),
                  .fix = "run the login again"};
    return poll;
}

DevicePoll refused_as(const AuthorityError& error, int status) {
    auto words = in_words(status, error);
    if (error.code == "access_denied")
        return refused(Errc::auth_denied, "the sign-in was refused", std::move(words));
    if (error.code == "expired_token") {
        return refused(Errc::auth_timeout,
                       "the code expired before the sign-in was finished",
                       std::move(words));
    }
    return refused(Errc::auth_token_exchange_failed, "the device login failed", std::move(words));
}

DevicePoll waits(PollAnswer answer) {
    DevicePoll poll;
    poll.answer = answer;
    return poll;
}

DevicePoll no_answer(const http::Outcome& outcome, Time sent_at) {
    auto poll = waits(PollAnswer::no_answer);
    if (outcome.delivery != http::Delivery::answered) {
        poll.error = outcome.error;
        return poll;
    }
    poll.retry_after = asked_pause(outcome.response.headers, sent_at);
    poll.error = {.code = Errc::auth_token_exchange_failed,
                  .message = "the authorization server did not answer",
                  .reason = in_words(outcome.response.status, std::nullopt),
                  .fix = {}};
    return poll;
}

DevicePoll granted_tokens(const http::Outcome& outcome, Time sent_at) {
    auto tokens = judge_exchange(outcome, sent_at);
    if (!tokens) return refused(tokens.error().code, tokens.error().message, tokens.error().reason);
    auto poll = waits(PollAnswer::granted);
    poll.tokens = std::move(*tokens);
    return poll;
}

DevicePoll judge_rfc8628(const http::Outcome& outcome, Time sent_at) {
    const auto error = parse_authority_error(outcome.response.body);
    if (error && error->code == "authorization_pending") return waits(PollAnswer::pending);
    if (error && error->code == "slow_down") {
        auto poll = no_answer(outcome, sent_at);
        poll.answer = PollAnswer::slow_down;
        return poll;
    }
    if (is_passing(outcome.response.status)) return no_answer(outcome, sent_at);
    if (error) return refused_as(*error, outcome.response.status);
    return granted_tokens(outcome, sent_at);
}

DevicePoll judge_codex(const http::Outcome& outcome, Time sent_at) {
    const auto& response = outcome.response;
    if (response.status == 403 || response.status == 404) return waits(PollAnswer::pending);
    if (is_passing(response.status)) return no_answer(outcome, sent_at);
    if (!is_success(response.status)) {
        const auto error = parse_authority_error(response.body);
        return refused_as(error.value_or(AuthorityError()), response.status);
    }
    auto poll = waits(PollAnswer::granted);
    if (const auto object = answer_object(response.body)) {
        poll.code = {.authorization_code = Secret(text_member(*object, "authorization_code")),
                     .code_verifier = Secret(text_member(*object, "code_verifier"))};
    }
    if (is_visible(poll.code.authorization_code.reveal()) &&
        is_visible(poll.code.code_verifier.reveal()))
        return poll;
    return refused(Errc::auth_token_exchange_failed,
                   "the device login failed",
                   "the answer holds no authorization_code with its code_verifier");
}

}  // namespace

Result<http::Request> device_authorization_request(const Method& method,
                                                   const std::string& endpoint) {
    if (auto url = check_endpoint_url(endpoint, "device authorization endpoint"); !url)
        return url.failure();
    RequestBody body;
    body.add("client_id", method.client_id);
    if (method.device_flow == DeviceFlow::codex) return post(endpoint, BodyEncoding::json, body);
    std::string scope;
    for (const auto& name : method.scopes) scope += (scope.empty() ? "" : " ") + name;
    if (!scope.empty()) body.add("scope", scope);
    return post(endpoint, BodyEncoding::form, body);
}

Result<DeviceAuthorization> judge_device_authorization(DeviceFlow flow,
                                                       const http::Outcome& outcome,
                                                       const std::string& verification_uri) {
    const auto object = successful_object(flow, outcome);
    if (!object) return object.failure();
    auto device =
        flow == DeviceFlow::codex ? read_codex(*object, verification_uri) : read_rfc8628(*object);
    if (!is_visible(device.device_code.reveal())) return unusable("it holds no device code");
    if (!is_user_code(device.user_code))
        return unusable("it holds no user code that a person could type");
    if (!may_be_shown(device.verification_uri)) {
        return unusable("its verification_uri is not an https address (or http on loopback)");
    }
    return device;
}

Result<http::Request> device_token_request(const Method& method,
                                           const std::string& endpoint,
                                           const DeviceAuthorization& device) {
    if (auto url = check_endpoint_url(endpoint, "token endpoint"); !url) return url.failure();
    RequestBody body;
    if (method.device_flow == DeviceFlow::codex) {
        body.add("device_auth_id", device.device_code.reveal());
        body.add("user_code", device.user_code);
        return post(endpoint, BodyEncoding::json, body);
    }
    body.add("grant_type", device_grant);
    body.add("device_code", device.device_code.reveal());
    body.add("client_id", method.client_id);
    if (auto added = body.add_token_params(method); !added) return added.failure();
    return post(endpoint, BodyEncoding::form, body);
}

Result<http::Request> device_code_exchange_request(const Method& method,
                                                   const std::string& token_endpoint,
                                                   const DeviceCode& code) {
    if (auto url = check_endpoint_url(token_endpoint, "token endpoint"); !url) return url.failure();
    RequestBody body;
    body.add("grant_type", "authorization_code");
    body.add("code", code.authorization_code.reveal());
    auto issuer = method.issuer;
    while (issuer.ends_with('/')) issuer.pop_back();
    body.add("redirect_uri", issuer + "/deviceauth/callback");
    body.add("client_id", method.client_id);
    body.add("code_verifier", code.code_verifier.reveal());
    if (auto added = body.add_token_params(method); !added) return added.failure();
    return post(token_endpoint, BodyEncoding::form, body);
}

DevicePoll judge_device_poll(DeviceFlow flow, const http::Outcome& outcome, Time sent_at) {
    if (outcome.delivery != http::Delivery::answered) return no_answer(outcome, sent_at);
    return flow == DeviceFlow::codex ? judge_codex(outcome, sent_at)
                                     : judge_rfc8628(outcome, sent_at);
}

PollPace first_pace(const DeviceAuthorization& device) {
    return {.interval = device.interval, .pause = device.interval};
}

PollPace next_pace(const PollPace& pace, const DevicePoll& poll) {
    auto next = pace;
    const auto wished = poll.retry_after.value_or(Milliseconds(0));
    if (poll.answer == PollAnswer::slow_down) next.interval += slow_down_step;
    next.pause = std::max(next.interval, wished);
    if (poll.answer == PollAnswer::no_answer) {
        const auto most = std::max<Milliseconds>(next.interval, longest_backoff);
        next.pause = std::max(std::min(2 * pace.pause, most), wished);
    }
    return next;
}

}  // namespace handover::auth::oauth2
