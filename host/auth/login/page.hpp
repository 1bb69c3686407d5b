// What the listener answers: small pages that need nothing else, no script, no outside resource.
// Pure.
#pragma once

#include <handover/error.hpp>

#include <string>
#include <string_view>

namespace handover::auth::login {

// Text as HTML text.
std::string escape_html(std::string_view text);

// Whole HTTP responses, Connection: close.
std::string success_response(const std::string& provider);
std::string failure_response(const Error& error);
// A request that is not the redirect: short plain text.
std::string refusal_response(int status);

}  // namespace handover::auth::login
