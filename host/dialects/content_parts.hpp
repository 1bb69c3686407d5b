// The parts of a message's content, from one dialect to the other. Pure.
#pragma once

#include <string>

#include "dialects/json_text.hpp"
#include "dialects/request_notes.hpp"

namespace handover::dialects {

// A user's, system's or developer's content as Responses has it: a list of input parts.
void write_input_parts(JsonView content, const Path& at, JsonWriter& out, RequestNotes& notes);

// An assistant's content and refusal as Responses has them: a list of output parts, perhaps empty.
void write_output_parts(
    JsonView content, JsonView refusal, const Path& at, JsonWriter& out, RequestNotes& notes);

// The content of a Responses item, sorted for chat.
struct ChatContent {
    std::string text = {};     // escaped; what text parts say, one line each
    std::string refusal = {};  // escaped
    std::string parts = {};    // JSON, comma-separated: all parts in order, as chat has them
    std::string others = {};   // the same without the text ones
    bool only_text = true;
};

// An assistant refuses and says nothing but text; others do neither.
enum class Speaker { assistant, other };
ChatContent read_chat_content(JsonView content,
                              Speaker speaker,
                              const Path& at,
                              RequestNotes& notes);

// The text of a tool message: a string, or text parts put together. Escaped.
std::string tool_text(JsonView content, const Path& at, RequestNotes& notes);

}  // namespace handover::dialects
