#include "auth/oauth2/answer_object.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <utility>

namespace handover::auth::oauth2 {

std::optional<boost::json::object> answer_object(std::string_view body) {
    constexpr std::size_t longest_body = 1U << 20U;
    if (body.size() > longest_body) return std::nullopt;
    boost::json::error_code error;
    auto value = boost::json::parse({body.data(), body.size()}, error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.as_object());
}

}  // namespace handover::auth::oauth2
