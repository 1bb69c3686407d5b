// What a token endpoint's answer means: tokens (RFC 6749 section 5.1), or one of the failures that
// differ in what may follow. Pure.
#pragma once

#include <handover/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "secret/secret.hpp"
#include "text/time.hpp"

namespace handover::auth::oauth2 {

// RFC 6749 section 5.1. What is empty was not in the answer.
struct Tokens {
    Secret access_token = {};
    Secret refresh_token = {};  // section 6: an absent one keeps the old one
    Secret id_token = {};
    std::string token_type = {};                          // "Bearer"
    std::optional<std::vector<std::string>> scopes = {};  // absent: as asked for
    std::optional<Time> expires_at = {};  // sent_at + expires_in, else the access token's own `exp`
};

// The tokens in a successful answer's body. `sent_at`: when the request went out. The error says
// what is wrong with the body and quotes nothing of it.
Result<Tokens> parse_tokens(std::string_view body, Time sent_at);

// An error answer as the authority words it. The code may sit in `error` (RFC 6749 section 5.2), in
// `error.code` or in `code`.
struct AuthorityError {
    std::string code = {};         // in lower case; empty: none given
    std::string description = {};  // theirs, cleaned and cut
};
// Nothing if the body is not a JSON object that holds an error.
std::optional<AuthorityError> parse_authority_error(std::string_view body);

// What happened to a refresh, by what may follow.
enum class RefreshOutcome {
    success,    // store it
    terminal,   // refused for good: the refresh token is of no use any more
    transient,  // refused for now, or never sent: may be tried again after a pause
    unknown,  // sent, and whether the authority acted on it cannot be known: the old refresh token
              // may be spent
};

struct RefreshVerdict {
    RefreshOutcome outcome = RefreshOutcome::unknown;
    Tokens tokens = {};     // success
    std::string code = {};  // the authority's error code in lower case, where it gave one
    std::optional<Milliseconds> retry_after = {};  // transient
    Error error =
        {};  // any but success: AUTH_SESSION_EXPIRED (terminal) or AUTH_REFRESH_UNAVAILABLE
};

// `terminal_errors`: the method's own, beyond invalid_grant; compared without case.
RefreshVerdict judge_refresh(const http::Outcome& outcome,
                             const std::vector<std::string>& terminal_errors,
                             Time sent_at);

// The answer to an authorization code: tokens with an access token, else
// AUTH_TOKEN_EXCHANGE_FAILED.
Result<Tokens> judge_exchange(const http::Outcome& outcome, Time sent_at);

// The answer's Retry-After, at most an hour; nothing if absent, unreadable or past.
std::optional<Milliseconds> asked_pause(const std::vector<http::Header>& headers, Time now);

}  // namespace handover::auth::oauth2
