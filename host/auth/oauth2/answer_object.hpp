// The JSON object in an authority's answer. Included by .cpp files only: Boost.JSON shows here.
#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <string_view>

namespace handover::auth::oauth2 {

// Nothing for a body that is longer than 1 MiB, not JSON, or another kind of value.
std::optional<boost::json::object> answer_object(std::string_view body);

}  // namespace handover::auth::oauth2
