// A client's Responses body, made into one that the codex backend takes. Pure.
#pragma once

#include <handover/plugin.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace handover::codex {

struct ShapedBody {
    std::string text = {};
    // The codex CLI's newer form, which the backend wants to be told of: tools and instructions
    // stand among the items.
    bool lite = false;
};

// The backend refuses what it does not know, so this is an allow-list; `store` and `stream` have
// one value each; items lose the ids of a store that keeps nothing. `session` becomes the cache key
// where the body has none. Refused: what would silently lose a part of the conversation
// (previous_response_id, conversation, prompt, background, item_reference), and bodies that are not
// of this dialect.
std::variant<ShapedBody, sdk::Refused> shape_body(std::string_view body,
                                                  std::string_view model,
                                                  std::string_view session);

}  // namespace handover::codex
