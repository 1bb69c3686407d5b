#include "auth/imports/json_file.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace handover::auth::imports {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_file = 1U << 20U;

}  // namespace

std::optional<json::object> parse_object(std::string_view text) {
    if (text.size() > longest_file) return std::nullopt;
    json::error_code error;
    auto value = json::parse({text.data(), text.size()}, error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.as_object());
}

bool is_present(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    return value != nullptr && !value->is_null();
}

std::optional<std::string> text_member(const json::object& object,
                                       std::string_view name,
                                       bool& wrong) {
    if (!is_present(object, name)) return std::nullopt;
    const auto& value = object.at({name.data(), name.size()});
    if (value.is_string()) return std::string(value.get_string());
    wrong = true;
    return std::nullopt;
}

bool is_token(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace handover::auth::imports
