// The wire APIs that requests are written in.
#pragma once

#include <optional>
#include <string_view>

namespace handover::dialects {

enum class Dialect { responses, chat_completions };

// By the names that manifests and configs use: "responses", "chat_completions".
constexpr std::optional<Dialect> dialect_named(std::string_view name) {
    if (name == "responses") return Dialect::responses;
    if (name == "chat_completions") return Dialect::chat_completions;
    return std::nullopt;
}

constexpr std::string_view name_of(Dialect dialect) {
    return dialect == Dialect::responses ? "responses" : "chat_completions";
}

}  // namespace handover::dialects
