#include "gateway/stream_end.hpp"

#include <algorithm>
#include <array>

#include "dialects/failure.hpp"
#include "dialects/json_text.hpp"
#include "http/sse_decoder.hpp"

namespace handover::gateway {
namespace {

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

bool is_done(const http::SseEvent& event) {
    return event.data.starts_with("[DONE]");
}

StreamEnd end_in(dialects::Dialect dialect, const http::SseEvent& event) {
    if (is_done(event)) return {.reached = true};
    const dialects::JsonObject object(event.data);
    if (auto failure = dialects::failure_in(object, event.type))
        return {.reached = true, .failure = std::move(failure)};
    if (dialect == dialects::Dialect::chat_completions) return {.reached = ends_chat(object)};
    return {.reached = ends_response(event.type) || ends_response(object["type"].text())};
}

}  // namespace

StreamEnd stream_end(dialects::Dialect dialect, std::string_view last_events) {
    http::SseDecoder decoder;
    decoder.feed(last_events);
    StreamEnd end;
    while (const auto event = decoder.next()) {
        if (!*event) break;
        end = end_in(dialect, **event);
        // One choice of a chat may end before another; the rest is over where it says so.
        if (end.reached && (dialect == dialects::Dialect::responses || is_done(**event))) break;
    }
    return end;
}

}  // namespace handover::gateway
