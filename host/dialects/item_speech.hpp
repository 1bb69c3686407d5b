// What an item of a response says, in the words of a chat message. Pure.
#pragma once

#include <string>
#include <string_view>

#include "dialects/json_text.hpp"

namespace handover::dialects {

// All texts are escaped.
struct ItemSpeech {
    std::string text = {};
    std::string refusal = {};
    std::string thoughts = {};     // the thoughts themselves, else their summary
    std::string annotations = {};  // JSON, comma-separated
    std::string logprobs = {};     // JSON, comma-separated
};

ItemSpeech read_item(const JsonObject& item);

// A citation as chat has it; empty for other annotations.
std::string chat_annotation(JsonView annotation);
// As Responses has it; empty for other annotations.
std::string response_annotation(JsonView annotation);

// A `function_call` or `custom_tool_call` as an entry of `tool_calls`. `arguments` is escaped.
void write_chat_call(const JsonObject& item, std::string_view arguments, JsonWriter& out);
bool is_call(const JsonObject& item);

// Of a response that has ended well; empty if it has not.
std::string_view finish_reason(const JsonObject& response, bool has_calls);

// A date in seconds; services write it whole and with a fraction.
std::int64_t seconds(JsonView value, std::int64_t otherwise);

}  // namespace handover::dialects
