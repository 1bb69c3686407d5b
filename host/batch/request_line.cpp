#include "batch/request_line.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "text/printable.hpp"

namespace handover::batch {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> dialect_of_url = {
    {{"/v1/responses", "responses"}, {"/v1/chat/completions", "chat_completions"}}};

Failure invalid(std::string message, std::string fix = {}) {
    return fail({.code = Errc::batch_input_invalid,
                 .message = std::move(message),
                 .reason = {},
                 .fix = std::move(fix)});
}

Result<std::string> text_member(const json::object& object, std::string_view name) {
    const auto* member = object.if_contains(name);
    if (member == nullptr) return invalid("\"" + std::string(name) + "\" is missing");
    if (!member->is_string()) return invalid("\"" + std::string(name) + "\" is not a string");
    if (member->get_string().empty()) return invalid("\"" + std::string(name) + "\" is empty");
    return std::string(member->get_string());
}

Result<std::string> dialect_of(const std::string& url) {
    const auto* const found = std::find_if(dialect_of_url.begin(),
                                           dialect_of_url.end(),
                                           [&](const auto& known) { return known.first == url; });
    if (found == dialect_of_url.end()) {
        return invalid("\"url\" is " + text::printable(url, 80),
                       "use /v1/responses or /v1/chat/completions");
    }
    return std::string(found->second);
}

Result<void> check_method(const json::object& object) {
    auto method = text_member(object, "method");
    if (!method) return method.failure();
    if (*method != "POST")
        return invalid("\"method\" is " + text::printable(*method, 20), "use POST");
    return {};
}

}  // namespace

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Result<RequestLine> parse_request_line(std::string_view line) {
    json::error_code error;
    auto parsed = json::parse(json::string_view(line.data(), line.size()), error);
    if (error) return invalid("not JSON: " + error.message());
    auto* object = parsed.if_object();
    if (object == nullptr) return invalid("not a JSON object");
    auto custom_id = text_member(*object, "custom_id");
    if (!custom_id) return custom_id.failure();
    if (auto method = check_method(*object); !method) return method.failure();
    auto url = text_member(*object, "url");
    if (!url) return url.failure();
    auto dialect = dialect_of(*url);
    if (!dialect) return dialect.failure();
    auto* body = object->if_contains("body");
    if (body == nullptr || !body->is_object())
        return invalid("\"body\" is missing or not an object");
    auto& members = body->get_object();
    members.erase("stream");
    members.erase("stream_options");
    std::string model;
    if (const auto* named = members.if_contains("model")) {
        if (!named->is_string()) return invalid("\"body.model\" is not a string");
        model = std::string(named->get_string());
    }
    return RequestLine{.custom_id = std::move(*custom_id),
                       .dialect = std::move(*dialect),
                       .model = std::move(model),
                       .body = json::serialize(members)};
}

}  // namespace handover::batch
