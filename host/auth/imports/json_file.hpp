// One JSON object from a file of another program, and its members as they may be used.
#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "secret/secret.hpp"

namespace handover::auth::imports {

// Nothing for what is no JSON object, or longer than a mebibyte.
std::optional<boost::json::object> parse_object(std::string_view text);

// Absent and null are the same.
bool is_present(const boost::json::object& object, std::string_view name);

// Nothing if it is absent; an empty text stays one. `wrong` is set if it is no string.
std::optional<std::string> text_member(const boost::json::object& object,
                                       std::string_view name,
                                       bool& wrong);

// RFC 6749 appendix A.12: visible characters; anything else could not be put into a header.
bool is_token(std::string_view text);

}  // namespace handover::auth::imports
