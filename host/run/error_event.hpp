// Which events of a stream report a failure. Pure.
#pragma once

#include <string_view>

namespace handover::run {

// `event: error`, `response.failed`, or data with a non-empty top-level `error` (OpenRouter and
// others send it under status 200). `type` is the SSE event name and may be empty; the data's own
// `type` counts then.
bool is_error_event(std::string_view type, std::string_view data);

// True for the events that open every Responses stream and say nothing yet.
bool is_preamble_event(std::string_view type);

// True if a body that is not a stream holds a non-empty top-level `error`.
bool is_error_body(std::string_view body);

}  // namespace handover::run
