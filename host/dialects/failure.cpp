#include "dialects/failure.hpp"

namespace handover::dialects {
namespace {

constexpr std::string_view unsaid = "the provider reported an error and did not say which";

// Codes are integers at some services.
std::string word(JsonView value) {
    return value.is_number() ? std::string(value.raw()) : value.text();
}

AnswerFailure read(const JsonObject& error) {
    AnswerFailure failure;
    failure.message = error["message"].is_object() ? std::string(error["message"].raw())
                                                   : error["message"].text();
    if (failure.message.empty()) failure.message = error["detail"].text();
    if (failure.message.empty()) failure.message = unsaid;
    if (auto type = error["type"].text(); !type.empty() && type != "error")
        failure.type = std::move(type);
    failure.code = word(error["code"]);
    failure.param = error["param"].text();
    return failure;
}

bool says_something(JsonView error) {
    return error && error.raw() != "{}" && error.raw() != R"("")" && error.raw() != "false";
}

std::optional<AnswerFailure> failed_response(JsonView response) {
    const JsonObject object(response);
    if (!object["status"].says("failed") && !says_something(object["error"])) return std::nullopt;
    return read(JsonObject(object["error"]));
}

}  // namespace

std::optional<AnswerFailure> failure_in(const JsonObject& object, std::string_view event_type) {
    const auto error = object["error"];
    if (says_something(error)) {
        if (error.is_object()) return read(JsonObject(error));
        auto failure = read(object);  // xAI: the code stands beside the text
        failure.message = error.is_string() ? error.text() : std::string(error.raw());
        return failure;
    }
    const auto type = object["type"];
    if (event_type == "error" || type.says("error") || object["object"].says("error"))
        return read(object);
    if (event_type == "response.failed" || type.says("response.failed")) {
        auto failure = failed_response(object["response"]);
        return failure ? failure : AnswerFailure{.message = std::string(unsaid)};
    }
    if (object["object"].says("response") && object["status"].says("failed"))
        return read(JsonObject(error));
    return std::nullopt;
}

AnswerFailure stream_broken_off() {
    return {.message = "the provider's stream broke off before the answer was complete",
            .code = "stream_broken_off"};
}

}  // namespace handover::dialects
