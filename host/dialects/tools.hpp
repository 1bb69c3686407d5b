// Tools and the format of the answer: what a request says apart from the conversation. Chat nests
// what Responses has flat. Pure.
#pragma once

#include "config/compatibility.hpp"
#include "dialects/json_text.hpp"
#include "dialects/request_notes.hpp"

namespace handover::dialects {

// `tools`, as Responses has them. `web_search` is what a chat request says outside of its tools;
// may be absent.
void write_response_tools(JsonView tools,
                          JsonView web_search,
                          JsonWriter& out,
                          RequestNotes& notes);

struct ChatTools {
    bool any = false;             // `tools` was written
    std::string web_search = {};  // an object's text, if there was that tool: chat has it elsewhere
};
ChatTools write_chat_tools(JsonView tools,
                           const config::Compatibility& upstream,
                           JsonWriter& out,
                           RequestNotes& notes);

// `text.format` from `response_format`, and back.
void write_text_format(JsonView response_format, JsonWriter& out, RequestNotes& notes);
void write_response_format(JsonView format, JsonWriter& out, RequestNotes& notes);

}  // namespace handover::dialects
