#include "run/prompt_body.hpp"

#include <boost/json.hpp>

namespace handover::run {
namespace {

namespace json = boost::json;

json::object responses_body(const Prompt& prompt, const std::string& model) {
    json::object part = {{"type", "input_text"}, {"text", prompt.text}};
    json::object message = {
        {"type", "message"}, {"role", "user"}, {"content", json::array{std::move(part)}}};
    json::object body = {{"model", model}};
    if (!prompt.instructions.empty()) body["instructions"] = prompt.instructions;
    body["input"] = json::array{std::move(message)};
    body["stream"] = prompt.stream;
    body["store"] = false;  // the service's default keeps every answer
    return body;
}

json::object chat_body(const Prompt& prompt, const std::string& model) {
    json::array messages;
    if (!prompt.instructions.empty())
        messages.push_back(json::object{{"role", "system"}, {"content", prompt.instructions}});
    messages.push_back(json::object{{"role", "user"}, {"content", prompt.text}});
    json::object body = {
        {"model", model}, {"messages", std::move(messages)}, {"stream", prompt.stream}};
    if (prompt.stream) body["stream_options"] = json::object{{"include_usage", true}};
    return body;
}

}  // namespace

std::string prompt_body(std::string_view dialect, const Prompt& prompt, const std::string& model) {
    return json::serialize(dialect == "responses" ? responses_body(prompt, model)
                                                  : chat_body(prompt, model));
}

}  // namespace handover::run
