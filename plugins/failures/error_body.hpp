// An error answer as values, from any of the shapes that OpenAI-shaped services use. Tolerant: what
// is missing is empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace handover::failures {

enum class BodyKind {
    json,   // some JSON, with or without a known member
    html,   // a page of a proxy or of a bot protection
    other,  // text, or nothing
};

struct ErrorBody {
    BodyKind kind = BodyKind::other;
    std::string code = {};     // in lower case; an integer code as text
    std::string type = {};     // in lower case
    std::string message = {};  // the service's words; plain text as it came
    std::string plan_type = {};
    std::optional<std::int64_t> resets_at = {};  // Unix seconds
    std::optional<std::int64_t> resets_in_seconds = {};

    bool operator==(const ErrorBody&) const = default;
};

// {"error": {...}} (OpenAI), {"error": "text", "code": ...} (xAI, Ollama), {"object": "error",
// "message": ...} (Mistral), {"detail": ...} (FastAPI: vLLM, the codex backend), [{"error": ...}]
// (Gemini), and the events of a stream: {"type": "error", ...} and
// {"type": "response.failed", "response": {"error": ...}}.
ErrorBody read_error_body(std::string_view body);

}  // namespace handover::failures
