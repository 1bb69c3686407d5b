// The shapes in which the authorization server answers.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "sandbox/exchange.hpp"

namespace handover::sandbox {

// RFC 6749 section 5.1: token answers are not stored anywhere on the way.
Reply json_reply(int status, const boost::json::value& body);

// RFC 6749 section 5.2.
Reply oauth_error(std::string_view error, std::string_view description);

// The shape in which auth.openai.com refuses a refresh token.
Reply codex_error(std::string_view code);

Reply page(int status, std::string_view text);

Reply redirect(int status, std::string location);

}  // namespace handover::sandbox
