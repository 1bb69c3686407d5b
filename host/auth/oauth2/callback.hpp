// The redirect back to us: the HTTP request head that carries it, and what its parameters must be
// before its code is believed. Pure.
#pragma once

#include <handover/result.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "secret/secret.hpp"

namespace handover::auth::oauth2 {

struct RequestHead {
    std::string method = {};
    std::string target = {};  // as sent
    std::string host = {};    // the Host header's value; empty: none

    bool operator==(const RequestHead&) const = default;
};

enum class HeadState { need_more, complete, malformed };
struct HeadParse {
    HeadState state = HeadState::need_more;
    RequestHead head = {};  // meaningful when complete
};

// The head at the start of what a connection has sent so far (RFC 9112); what follows it is
// ignored.
HeadParse parse_request_head(std::string_view bytes);

// The Host header names this machine's loopback, with `port` or none: anything else is a page
// elsewhere talking to us (DNS rebinding).
bool is_loopback_authority(std::string_view host, unsigned port);

struct ExpectedCallback {
    std::string path = {};         // of the redirect URI
    std::string state = {};        // as in the authorization request
    std::string issuer = {};       // empty: `iss` is not looked at
    bool issuer_promised = false;  // the metadata says `iss` always comes (RFC 9207 section 2.3)
};

// A checked answer of the authorization endpoint. Only parse_callback makes one, so
// an unchecked code cannot reach the token endpoint.
class AuthorizationResponse {
public:
    [[nodiscard]] const Secret& code() const { return code_; }

private:
    explicit AuthorizationResponse(Secret code) : code_(std::move(code)) {}
    friend Result<AuthorizationResponse> parse_callback(std::string_view target,
                                                        const ExpectedCallback& expected);

    Secret code_;
};

// The path of a request target, as sent.
std::string_view target_path(std::string_view target);

// Exact path, no parameter twice, and our state: this request answers the one we sent, whatever it
// says. Anything else is noise, which never ends a login.
bool answers_our_request(std::string_view target, const ExpectedCallback& expected);

// In this order: path, repeated parameters, state (compared in constant time), iss (RFC 9207),
// error, code (RFC 6749 section 4.1.2). AUTH_STATE_MISMATCH, AUTH_DENIED, else
// AUTH_CALLBACK_INVALID; the authority's words are cleaned and quoted.
Result<AuthorizationResponse> parse_callback(std::string_view target,
                                             const ExpectedCallback& expected);

// What a person pastes, as a request target: the full redirected URL, or its query. A bare code is
// refused, because its state cannot be checked.
Result<std::string> pasted_target(std::string_view text, const ExpectedCallback& expected);

// pasted_target, then parse_callback.
Result<AuthorizationResponse> parse_pasted(std::string_view text, const ExpectedCallback& expected);

}  // namespace handover::auth::oauth2
