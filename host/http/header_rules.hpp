// What may stand in a request's head. Pure.
#pragma once

#include <handover/result.hpp>

#include <string_view>

#include "http/header_name.hpp"
#include "http/message.hpp"

namespace handover::http {

// An RFC 9110 token.
bool is_token(std::string_view name);

// No control characters but the tab: CR, LF and NUL would end the header early.
bool is_header_value(std::string_view value);

// Refuses methods, names and values that would not stay in their place; INTERNAL, without the value
// of a credential.
Result<void> check_head(const Request& request);

}  // namespace handover::http
