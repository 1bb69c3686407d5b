// What the codex backend refuses in a Responses body.
#pragma once

#include <optional>
#include <string_view>

#include "sandbox/exchange.hpp"

namespace handover::sandbox {

// The refusal, or nothing if the body passes. `body` is a JSON object.
std::optional<Reply> refuse_by_codex_rules(std::string_view body);

}  // namespace handover::sandbox
