// Signing in on another device: RFC 8628, and the flow of auth.openai.com, which differs in field
// names, in how it says "not yet" and in ending with a code to exchange. Pure: requests and answers
// are values, the pace of polling is a state that answers move.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "auth/method.hpp"
#include "auth/oauth2/token_response.hpp"
#include "http/message.hpp"
#include "secret/secret.hpp"

namespace handover::auth::oauth2 {

// RFC 8628 section 3.2.
struct DeviceAuthorization {
    Secret device_code = {};  // the codex flow's device_auth_id
    std::string user_code = {};
    std::string verification_uri = {};
    std::string verification_uri_complete = {};  // with the code in it; empty: none
    std::chrono::seconds expires_in = {};
    std::chrono::seconds interval = {};  // the least time between two polls
};

// Section 3.1; the codex flow sends JSON and the client id alone.
Result<http::Request> device_authorization_request(const Method& method,
                                                   const std::string& endpoint);

// What the person is shown. `verification_uri`: the declared one, which the codex flow goes by.
// AUTH_METHOD_UNSUPPORTED where the authority offers no device login to this client, else
// AUTH_TOKEN_EXCHANGE_FAILED.
Result<DeviceAuthorization> judge_device_authorization(DeviceFlow flow,
                                                       const http::Outcome& outcome,
                                                       const std::string& verification_uri);

// Section 3.4; the codex flow sends the user code too. `endpoint`: the token endpoint, or the codex
// flow's device_token_endpoint.
Result<http::Request> device_token_request(const Method& method,
                                           const std::string& endpoint,
                                           const DeviceAuthorization& device);

// The end of the codex flow: a code, and the verifier that the authority itself made for it.
struct DeviceCode {
    Secret authorization_code = {};
    Secret code_verifier = {};
};

// Form-encoded, with the redirect URI that the authority made the code for:
// {issuer}/deviceauth/callback.
Result<http::Request> device_code_exchange_request(const Method& method,
                                                   const std::string& token_endpoint,
                                                   const DeviceCode& code);

enum class PollAnswer {
    pending,    // the person has not answered yet
    slow_down,  // the same, and we asked too often
    no_answer,  // the network or the server failed: asked again later
    granted,
    refused,  // for good
};

struct DevicePoll {
    PollAnswer answer = PollAnswer::refused;
    Tokens tokens = {};                            // granted, RFC 8628
    DeviceCode code = {};                          // granted, codex flow
    std::optional<Milliseconds> retry_after = {};  // no_answer, slow_down
    Error error = {};  // refused: AUTH_DENIED, AUTH_TIMEOUT (expired_token) or
                       // AUTH_TOKEN_EXCHANGE_FAILED; no_answer: what is wrong
};

DevicePoll judge_device_poll(DeviceFlow flow, const http::Outcome& outcome, Time sent_at);

// How fast to poll. `interval` only grows (slow_down); `pause` is what the next wait lasts, longer
// while nobody answers.
struct PollPace {
    Milliseconds interval = {};
    Milliseconds pause = {};

    bool operator==(const PollPace&) const = default;
};

PollPace first_pace(const DeviceAuthorization& device);

// Section 3.5: slow_down adds 5 s to this and every later wait; each failed connection doubles the
// wait, up to a minute (or the interval, where that is longer), until somebody answers again.
PollPace next_pace(const PollPace& pace, const DevicePoll& poll);

}  // namespace handover::auth::oauth2
