// A list of models as values, from any of the shapes that OpenAI-shaped services use. Tolerant of
// members, strict about the list itself.
#pragma once

#include <handover/plugin.hpp>

#include <string_view>
#include <vector>

namespace handover::model_list {

// {"data": [...]} (OpenAI and most), {"models": [...]} (the codex backend) and a bare array
// (Together), in the service's order. Entries without an id, hidden ones ("visibility": "hide")
// and repetitions are left out. Throws std::runtime_error if `body` is none of these.
std::vector<sdk::Model> read_model_list(std::string_view body);

}  // namespace handover::model_list
