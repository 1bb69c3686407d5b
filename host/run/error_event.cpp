#include "run/error_event.hpp"

#include <boost/json.hpp>

namespace handover::run {
namespace {

bool says_something(const boost::json::value* error) {
    if (error == nullptr || error->is_null()) return false;
    if (const auto* text = error->if_string()) return !text->empty();
    if (const auto* object = error->if_object()) return !object->empty();
    if (const auto* flag = error->if_bool()) return *flag;
    return true;
}

bool has_error(const boost::json::value& value) {
    const auto* object = value.if_object();
    return object != nullptr && says_something(object->if_contains("error"));
}

bool names_failure(std::string_view type) {
    return type == "error" || type == "response.failed";
}

}  // namespace

bool is_error_event(std::string_view type, std::string_view data) {
    if (names_failure(type)) return true;
    // Nearly every event goes no further: `error` stands only where there is something to say or to
    // deny.
    if (data.find("error") == std::string_view::npos &&
        data.find("response.failed") == std::string_view::npos)
        return false;
    boost::system::error_code bad;
    const auto value = boost::json::parse(boost::json::string_view(data.data(), data.size()), bad);
    if (bad || !value.is_object()) return false;
    const auto* own_type = value.get_object().if_contains("type");
    const bool named = own_type != nullptr && own_type->is_string() &&
                       names_failure(std::string_view(own_type->get_string()));
    return named || has_error(value);
}

bool is_preamble_event(std::string_view type) {
    return type == "response.created" || type == "response.queued" ||
           type == "response.in_progress";
}

bool is_error_body(std::string_view body) {
    boost::system::error_code bad;
    const auto value = boost::json::parse(boost::json::string_view(body.data(), body.size()), bad);
    return !bad && has_error(value);
}

}  // namespace handover::run
