// A prompt as a request body of a dialect. Pure.
#pragma once

#include <string>
#include <string_view>

#include "run/run.hpp"

namespace handover::run {

// `model` is the effective one. "responses" or "chat_completions".
std::string prompt_body(std::string_view dialect, const Prompt& prompt, const std::string& model);

}  // namespace handover::run
