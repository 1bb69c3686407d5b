// Token counts of both dialects. Pure.
#pragma once

#include <optional>

#include "dialects/answer.hpp"
#include "dialects/json_text.hpp"

namespace handover::dialects {

// The object that `usage` is; nothing unless it counts tokens.
std::optional<Usage> read_usage(Dialect dialect, JsonView usage);
void write_usage(Dialect dialect, const Usage& usage, JsonWriter& out);

// A chat chunk's or completion's usage, wherever the service puts it.
std::optional<Usage> chat_usage(const JsonObject& chunk, const JsonObject& first_choice);

}  // namespace handover::dialects
