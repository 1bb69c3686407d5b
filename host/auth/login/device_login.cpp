// The shell of the device login: asks, shows, waits, polls, stores. What an answer means and how
// long to wait is decided in oauth2/device_authorization.
#include "auth/login/device_login.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "auth/login/accepted_tokens.hpp"
#include "auth/login/login.hpp"
#include "auth/login/preflight.hpp"
#include "auth/oauth2/device_authorization.hpp"
#include "auth/resolution.hpp"
#include "log/log.hpp"

namespace handover::auth {
namespace {

using std::chrono::steady_clock;

Failure unsupported(const Login& login, std::string reason) {
    std::string ids;
    for (const auto& method : login.target.methods) ids += (ids.empty() ? "" : ", ") + method.id;
    return fail(
        {.code = Errc::auth_method_unsupported,
         .message = "the auth method \"" + login.method.id + "\" of " + login.target.provider +
                    " has no sign-in by device code",
         .reason = std::move(reason) + "; " + login.target.provider + " supports: " + ids,
         .fix = "handover auth login " + login.target.provider + " --method " + login.method.id});
}

Failure cancelled() {
    return fail({.code = Errc::auth_cancelled,
                 .message = "the login was cancelled",
                 .reason = {},
                 .fix = {}});
}

Failure timed_out(Milliseconds waited) {
    return fail({.code = Errc::auth_timeout,
                 .message = "nobody finished the sign-in within " + text::describe_duration(waited),
                 .reason = "the code was not entered and approved in time",
                 .fix = "run the login again for a new code"});
}

Result<void> check_method(const Login& login) {
    if (login.method.kind != Kind::oauth2) return unsupported(login, "it is no OAuth method");
    if (!login.method.client_id.empty()) return {};
    return fail({.code = Errc::config_invalid,
                 .message = "the auth method \"" + login.method.id + "\" has no client_id",
                 .reason = {},
                 .fix = "set client_id under [providers." + login.target.provider + ".auth." +
                        login.method.id + "]"});
}

// The first source that has all of them. The codex flow's endpoints have no names in metadata: only
// declared ones will do.
Result<EffectiveEndpoints> device_endpoints(const Login& login) {
    auto sources = endpoint_sources(login.method, login.discovery());
    if (login.method.device_flow == DeviceFlow::codex) sources = {oauth2::EndpointSource::declared};
    std::optional<Error> trouble;
    for (const auto source : sources) {
        auto found = endpoints_from(login.method, source, login.discovery(), login.stop);
        if (found && login::has_device_endpoints(login.method, *found)) return found;
        if (!found && !trouble) trouble = found.error();
    }
    if (login.stop.stop_requested()) return cancelled();
    if (trouble) return fail(std::move(*trouble));
    return unsupported(login, "neither it nor its issuer's metadata names the endpoints for one");
}

Result<oauth2::DeviceAuthorization> ask_for_code(const Login& login, const Endpoints& endpoints) {
    const auto request = oauth2::device_authorization_request(
        login.method, *endpoints.device_authorization_endpoint);
    if (!request) return request.failure();
    const auto outcome = login.services.send(*request, http::Limits(), login.stop);
    if (login.stop.stop_requested()) return cancelled();
    return oauth2::judge_device_authorization(
        login.method.device_flow, outcome, endpoints.verification_uri.value_or(""));
}

void show(const Login& login, const oauth2::DeviceAuthorization& device) {
    const auto& console = login.console;
    console.say("Open this address on any device and sign in:");
    console.show_url(device.verification_uri);
    console.say("Enter this code there, valid for " + text::describe_duration(device.expires_in) +
                ":");
    console.say("  " + device.user_code);
    const bool complete = !device.verification_uri_complete.empty();
    if (complete) {
        console.say("Or open this address, which has the code in it:");
        console.show_url(device.verification_uri_complete);
    }
    if (console.show_qr_code) {
        console.show_qr_code(complete ? device.verification_uri_complete : device.verification_uri);
    }
    console.say("Never enter a code that somebody else gave you. Waiting for the sign-in ...");
}

// Polls until the authority has decided. Nothing is asked once the code has expired.
Result<oauth2::DevicePoll> poll(const Login& login,
                                const std::string& endpoint,
                                const oauth2::DeviceAuthorization& device,
                                const WaitFor& wait) {
    const auto request = oauth2::device_token_request(login.method, endpoint, device);
    if (!request) return request.failure();
    const Milliseconds patience = std::min<Milliseconds>(
        login.request.timeout.value_or(device.expires_in), device.expires_in);
    auto left = patience;  // counted in waits and requests, so that tests need not wait
    auto pace = oauth2::first_pace(device);
    while (true) {
        if (!wait(std::min(pace.pause, left), login.stop)) return cancelled();
        if (left <= pace.pause) return timed_out(patience);
        left -= pace.pause;
        const auto began = steady_clock::now();
        const auto sent_at = login.services.clock();
        const auto outcome = login.services.send(*request, http::Limits(), login.stop);
        auto answer = oauth2::judge_device_poll(login.method.device_flow, outcome, sent_at);
        if (answer.answer == oauth2::PollAnswer::granted) return answer;
        if (login.stop.stop_requested()) return cancelled();
        if (answer.answer == oauth2::PollAnswer::refused) {
            answer.error.fix = login::device_login_command(login.target);
            return fail(std::move(answer.error));
        }
        if (answer.answer == oauth2::PollAnswer::no_answer) {
            log::info("auth",
                      "asked for the sign-in without an answer: " + answer.error.message + " " +
                          answer.error.reason);
        }
        pace = oauth2::next_pace(pace, answer);
        left -= std::chrono::duration_cast<Milliseconds>(steady_clock::now() - began);
    }
}

Result<oauth2::Tokens> tokens_of(const Login& login,
                                 const std::string& token_endpoint,
                                 oauth2::DevicePoll poll) {
    if (login.method.device_flow == DeviceFlow::rfc8628) return std::move(poll.tokens);
    const auto request =
        oauth2::device_code_exchange_request(login.method, token_endpoint, poll.code);
    if (!request) return request.failure();
    const auto sent_at = login.services.clock();
    // Sent once: a code is good for one use, and an answer that was lost may have used it.
    const auto outcome = login.services.send(*request, http::Limits(), login.stop);
    if (login.stop.stop_requested() && outcome.delivery != http::Delivery::answered)
        return cancelled();
    return oauth2::judge_exchange(outcome, sent_at);
}

Result<Credential> run(const Login& login, const Endpoints& endpoints, const WaitFor& wait) {
    const auto device = ask_for_code(login, endpoints);
    if (!device) return device.failure();
    show(login, *device);
    const bool codex = login.method.device_flow == DeviceFlow::codex;
    auto granted = poll(
        login, codex ? *endpoints.device_token_endpoint : *endpoints.token_endpoint, *device, wait);
    if (!granted) return granted.failure();
    const auto sent_at = login.services.clock();
    auto tokens = tokens_of(login, *endpoints.token_endpoint, std::move(*granted));
    if (!tokens) return tokens.failure();
    return login::accept_tokens(login.broker,
                                {.target = login.target,
                                 .method = login.method,
                                 .token_endpoint = *endpoints.token_endpoint,
                                 .nonce = {},
                                 .sent_at = sent_at,
                                 .now = login.services.clock()},
                                std::move(*tokens));
}

}  // namespace

namespace login {

bool has_device_endpoints(const Method& method, const EffectiveEndpoints& endpoints) {
    const auto& known = endpoints.endpoints;
    if (!known.device_authorization_endpoint || !known.token_endpoint) return false;
    if (method.device_flow == DeviceFlow::rfc8628) return true;
    return endpoints.source == oauth2::EndpointSource::declared && known.device_token_endpoint &&
           known.verification_uri;
}

std::string device_login_command(const Target& target) {
    return login_command({target.provider, target.account}) + " --device";
}

}  // namespace login

bool wait_for(std::chrono::milliseconds duration, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    (void)changed.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
}

Result<Credential> login_with_device_code(const Login& login, const WaitFor& wait) {
    if (auto usable = check_method(login); !usable) return usable.failure();
    const auto ready = login::check_before_login(login);
    if (!ready) return ready.failure();
    const auto endpoints = device_endpoints(login);
    if (!endpoints) return endpoints.failure();
    return run(login, endpoints->endpoints, wait);
}

}  // namespace handover::auth
