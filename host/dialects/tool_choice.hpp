// The choice among the tools. Chat nests what Responses has flat. Pure.
#pragma once

#include "config/compatibility.hpp"
#include "dialects/json_text.hpp"
#include "dialects/request_notes.hpp"

namespace handover::dialects {

void write_response_tool_choice(JsonView choice, JsonWriter& out, RequestNotes& notes);
void write_chat_tool_choice(JsonView choice,
                            const config::Compatibility& upstream,
                            JsonWriter& out,
                            RequestNotes& notes);

}  // namespace handover::dialects
