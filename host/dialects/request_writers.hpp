// The two halves of translate_request and what they are made of. Pure.
#pragma once

#include <string>

#include "config/compatibility.hpp"
#include "dialects/json_text.hpp"
#include "dialects/request.hpp"
#include "dialects/request_notes.hpp"

namespace handover::dialects {

// The request's own object is valid JSON and stays alive as long as the call.
TranslatedRequest chat_request_to_responses(const JsonObject& request,
                                            const config::Compatibility& upstream,
                                            RequestNotes& notes);
TranslatedRequest responses_request_to_chat(const JsonObject& request,
                                            const config::Compatibility& upstream,
                                            RequestNotes& notes);

// `instructions` and `input`, from `messages`.
void write_input(JsonView messages,
                 const config::Compatibility& upstream,
                 JsonWriter& out,
                 RequestNotes& notes);

// `messages`, from `instructions` and `input`.
void write_messages(JsonView instructions,
                    JsonView input,
                    const config::Compatibility& upstream,
                    JsonWriter& out,
                    RequestNotes& notes);

}  // namespace handover::dialects
