#include "gateway/asked_model.hpp"

#include <boost/json.hpp>

#include "dialects/json_validity.hpp"
#include "run/raw_json.hpp"

namespace handover::gateway {
namespace {

ApiError bad_request(std::string message, std::string code, std::string param) {
    return {.status = 400,
            .message = std::move(message),
            .code = std::move(code),
            .param = std::move(param)};
}

bool is_absent(std::string_view raw) {
    return raw.empty() || raw == "null";
}

}  // namespace

std::variant<AskedModel, ApiError> read_asked(std::string_view body) {
    if (const auto problem = dialects::json_problem(body))
        return bad_request(problem->message, "invalid_json", problem->member);
    if (body.find_first_not_of(" \t\r\n") == std::string_view::npos ||
        body[body.find_first_not_of(" \t\r\n")] != '{')
        return bad_request("the body must be a JSON object", "invalid_json", "");

    AskedModel asked;
    if (const auto raw = run::raw_member(body, "model").value_or(""); !is_absent(raw)) {
        if (raw.front() != '"')
            return bad_request("\"model\" must be a string", "invalid_type", "model");
        asked.model = std::string(std::string_view(
            boost::json::parse(boost::json::string_view(raw.data(), raw.size())).as_string()));
    }
    if (const auto raw = run::raw_member(body, "stream").value_or(""); !is_absent(raw)) {
        asked.stream = raw == "true";
        if (!asked.stream && raw != "false")
            return bad_request("\"stream\" must be true or false", "invalid_type", "stream");
    }
    return asked;
}

}  // namespace handover::gateway
