#include "dialects/request_members.hpp"

#include <algorithm>
#include <array>

namespace handover::dialects {
namespace {

// The answer is the same without them.
constexpr std::array<std::string_view, 10> hints = {
    // What is worth keeping for the next request.
    "cache_control",
    "prompt_cache_breakpoint",
    "copilot_cache_control",
    // A client's own account of its turns, or another provider's of its answer.
    "internal_chat_message_metadata_passthrough",
    "provider_specific_fields",
    "extra_content",
    "cot_id",
    "cot_summary",
    "reasoning_opaque",
    // What a data URL says of itself.
    "media_type"};

bool is_among(std::string_view name, const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void check_members(const JsonObject& object,
                   const Path& at,
                   MemberNames known,
                   RequestNotes& notes,
                   MemberNames left_out) {
    for (const auto& [name, value] : object.members()) {
        if (is_among(name, known) || !JsonView(value)) continue;
        const auto here = at.at(name);
        if (is_among(name, hints) || is_among(name, left_out)) {
            notes.drop(here);
        } else {
            notes.refuse(here, "unknown_parameter", "is nothing that can be translated");
        }
    }
}

JsonObject known_object(JsonView value, const Path& at, MemberNames known, RequestNotes& notes) {
    if (value && !value.is_object()) notes.wrong_type(at, "an object");
    JsonObject object(value);
    check_members(object, at, known, notes);
    return object;
}

JsonView needed_string(const JsonObject& object,
                       std::string_view name,
                       const Path& at,
                       RequestNotes& notes) {
    const auto value = object[name];
    if (!value) notes.missing(at.at(name));
    if (value && !value.is_string()) notes.wrong_type(at.at(name), "a string");
    return value;
}

JsonView boolean_member(const JsonObject& object,
                        std::string_view name,
                        const Path& at,
                        RequestNotes& notes) {
    const auto value = object[name];
    if (value && !value.is_boolean()) notes.wrong_type(at.at(name), "true or false");
    return value;
}

}  // namespace handover::dialects
