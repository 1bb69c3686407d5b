// What an upstream's error says, in whatever shape it comes. Pure.
#pragma once

#include <optional>

#include "dialects/answer.hpp"
#include "dialects/json_text.hpp"

namespace handover::dialects {

// An object that is an error or has one: {"error":{...}}, {"error":"text"}, the flat `error` event
// of Responses, a response that failed. Nothing if it is none.
std::optional<AnswerFailure> failure_in(const JsonObject& object, std::string_view event_type = {});

// Of an upstream that closed before its answer was whole.
AnswerFailure stream_broken_off();

}  // namespace handover::dialects
