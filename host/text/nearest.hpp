// The nearest valid name for a mistyped one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace handover::text {

// The candidate with the smallest edit distance (insert, delete, replace, swap of neighbours) to
// `typed`, if that distance is at most a third of the typed length (at least 1, at most 3); nothing
// otherwise. The first wins among equals.
std::optional<std::string> nearest(std::string_view typed, std::span<const std::string> candidates);

// " Did you mean \"codex\"?" or an empty text.
std::string did_you_mean(std::string_view typed, std::span<const std::string> candidates);

}  // namespace handover::text
