#include "dialects/tool_choice.hpp"

#include "dialects/request_members.hpp"

namespace handover::dialects {
namespace {

const Path choice_path("tool_choice");

// {"type":"function","function":{"name"}} in chat, {"type":"function","name"} in Responses.
void flat_named(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const JsonObject choice(value);
    const auto type = choice["type"];
    const bool custom = type.says("custom");
    if (!custom && !type.says("function"))
        return notes.refuse(at.at("type"), "unsupported_value", "must be function or custom");
    const auto kind = custom ? std::string_view("custom") : std::string_view("function");
    check_members(choice, at, {"type", kind}, notes);
    const auto here = at.at(kind);
    const auto named = known_object(choice[kind], here, {"name"}, notes);
    out.open('{').key("type").text(kind);
    out.key("name").escaped(needed_string(named, "name", here, notes).escaped()).close('}');
}

void nested_named(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const JsonObject choice(value);
    const auto type = choice["type"];
    const bool custom = type.says("custom");
    if (!custom && !type.says("function")) {
        return notes.refuse(
            at.at("type"), "unsupported_value", "names a tool that a chat service does not have");
    }
    check_members(choice, at, {"type", "name"}, notes);
    out.open('{').key("type").raw(type.raw()).key(custom ? "custom" : "function").open('{');
    out.key("name").escaped(needed_string(choice, "name", at, notes).escaped());
    out.close('}').close('}');
}

using WriteNamed = void (*)(JsonView, const Path&, JsonWriter&, RequestNotes&);

void allowed_tools(const JsonObject& allowed,
                   const Path& at,
                   WriteNamed write,
                   JsonWriter& out,
                   RequestNotes& notes) {
    out.key("mode").escaped(needed_string(allowed, "mode", at, notes).escaped());
    const auto list = at.at("tools");
    const auto tools = allowed["tools"];
    if (!tools) return notes.missing(list);
    if (!tools.is_array()) return notes.wrong_type(list, "an array");
    out.key("tools").open('[');
    std::size_t index = 0;
    for (const auto tool : json_elements(tools)) write(tool, list.at(index++), out, notes);
    out.close(']');
}

// Both know "none", "auto", "required". False where the choice is an object.
bool word(JsonView choice, std::string_view required, JsonWriter& out) {
    if (!choice.is_string()) return false;
    out.key("tool_choice").text(choice.says("required") ? required : choice.text());
    return true;
}

}  // namespace

void write_response_tool_choice(JsonView choice, JsonWriter& out, RequestNotes& notes) {
    if (!choice || word(choice, "required", out)) return;
    if (!choice.is_object()) return notes.wrong_type(choice_path, "a string or an object");
    const JsonObject object(choice);
    out.key("tool_choice");
    if (!object["type"].says("allowed_tools")) return flat_named(choice, choice_path, out, notes);
    check_members(object, choice_path, {"type", "allowed_tools"}, notes);
    const auto here = choice_path.at("allowed_tools");
    const auto allowed = known_object(object["allowed_tools"], here, {"mode", "tools"}, notes);
    out.open('{').key("type").text("allowed_tools");
    allowed_tools(allowed, here, flat_named, out, notes);
    out.close('}');
}

void write_chat_tool_choice(JsonView choice,
                            const config::Compatibility& upstream,
                            JsonWriter& out,
                            RequestNotes& notes) {
    const auto required = upstream.required_tool_choice.value_or("required");
    if (!choice || word(choice, required, out)) return;
    if (!choice.is_object()) return notes.wrong_type(choice_path, "a string or an object");
    const JsonObject object(choice);
    out.key("tool_choice");
    if (!object["type"].says("allowed_tools")) return nested_named(choice, choice_path, out, notes);
    check_members(object, choice_path, {"type", "mode", "tools"}, notes);
    out.open('{').key("type").text("allowed_tools").key("allowed_tools").open('{');
    allowed_tools(object, choice_path, nested_named, out, notes);
    out.close('}').close('}');
}

}  // namespace handover::dialects
