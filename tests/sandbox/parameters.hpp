// What a request says, however it says it.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/exchange.hpp"
#include "text/encoding.hpp"

namespace handover::sandbox {

// Query parameters or a form or JSON body as name and value; what is malformed is empty.
text::Parameters read_parameters(const Request& request);

// The first of that name, or an empty text.
std::string value(const text::Parameters& parameters, std::string_view name);

}  // namespace handover::sandbox
