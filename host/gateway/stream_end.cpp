#include "gateway/stream_end.hpp"

#include <algorithm>
#include <array>

#include "dialects/failure.hpp"
#include "dialects/json_text.hpp"
#include "http/sse_decoder.hpp"

namespace handover::gateway {
namespace {

struct Event {
    std::string type = {};
    std::string data = {};
};

Event last_event(std::string_view events) {
    http::SseDecoder decoder;
    decoder.feed(events);
    Event last;
    while (const auto event = decoder.next()) {
        if (!*event) break;
        last.type.assign((*event)->type);
        last.data.assign((*event)->data);
    }
    return last;
}

bool ends_response(std::string_view type) {
    constexpr std::array<std::string_view, 3> ends = {
        "response.completed", "response.incomplete", "response.failed"};
    return std::find(ends.begin(), ends.end(), type) != ends.end();
}

// With the reason to finish, or the usage that follows it.
bool ends_chat(const dialects::JsonObject& chunk) {
    const auto choices = dialects::json_elements(chunk["choices"]);
    if (choices.empty()) return static_cast<bool>(chunk["usage"]);
    return std::any_of(choices.begin(), choices.end(), [](dialects::JsonView choice) {
        return dialects::JsonObject(choice)["finish_reason"].is_string();
    });
}

}  // namespace

StreamEnd stream_end(dialects::Dialect dialect, std::string_view last_events) {
    const auto last = last_event(last_events);
    if (last.data == "[DONE]") return {.reached = true};
    const dialects::JsonObject object(last.data);
    if (auto failure = dialects::failure_in(object, last.type))
        return {.reached = true, .failure = std::move(failure)};
    if (dialect == dialects::Dialect::chat_completions) return {.reached = ends_chat(object)};
    return {.reached = ends_response(last.type) || ends_response(object["type"].text())};
}

}  // namespace handover::gateway
