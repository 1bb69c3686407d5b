#include "dialects/tools.hpp"

#include <algorithm>
#include <array>

#include "dialects/request_fields.hpp"
#include "dialects/request_members.hpp"
#include "dialects/request_writers.hpp"

namespace handover::dialects {
namespace {

const Path tools_path("tools");

// A function without parameters takes none.
constexpr std::string_view no_parameters = R"({"type":"object","properties":{}})";

// Where the members that both dialects have stand.
struct Holder {
    const JsonObject& object;
    const Path& at;
};

// After `type` in one, inside of `function` in the other.
void function_members(Holder function, bool with_strict, JsonWriter& out, RequestNotes& notes) {
    const auto& [object, at] = function;
    out.key("name").escaped(needed_string(object, "name", at, notes).escaped());
    out.member("description", object["description"]);
    const auto parameters = object["parameters"];
    if (parameters && !parameters.is_object()) notes.wrong_type(at.at("parameters"), "an object");
    out.key("parameters").raw(parameters ? parameters.raw() : no_parameters);
    const auto strict = boolean_member(object, "strict", at, notes);
    // The defaults differ: true in Responses, false in chat.
    if (with_strict) out.key("strict").boolean(strict.is_true());
}

// After `type` in one, inside of `custom` in the other.
void custom_members(Holder tool, JsonWriter& out, RequestNotes& notes) {
    out.key("name").escaped(needed_string(tool.object, "name", tool.at, notes).escaped());
    out.member("description", tool.object["description"]);
}

// {"type":"grammar","grammar":{...}} in chat, {"type":"grammar","definition",...} in Responses.
bool is_grammar(const JsonObject& format, const Path& at, RequestNotes& notes) {
    const auto type = needed_string(format, "type", at, notes);
    const bool grammar = type.says("grammar");
    if (!grammar && !type.says("text"))
        notes.refuse(at.at("type"), "unsupported_value", "must be text or grammar");
    return grammar;
}

void grammar_members(Holder grammar, JsonWriter& out, RequestNotes& notes) {
    for (const auto* name : {"syntax", "definition"})
        out.key(name).escaped(needed_string(grammar.object, name, grammar.at, notes).escaped());
}

void flat_format(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    if (!value) return;
    const auto format = known_object(value, at, {"type", "grammar"}, notes);
    out.key("format").open('{').member("type", format["type"]);
    const auto here = at.at("grammar");
    const auto grammar = known_object(format["grammar"], here, {"syntax", "definition"}, notes);
    if (is_grammar(format, at, notes)) {
        grammar_members({grammar, here}, out, notes);
    } else if (format["grammar"]) {
        notes.unsupported(here, "is of another type");
    }
    out.close('}');
}

void nested_format(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    if (!value) return;
    const JsonObject format(value);
    if (!value.is_object()) return notes.wrong_type(at, "an object");
    out.key("format").open('{').member("type", format["type"]);
    if (is_grammar(format, at, notes)) {
        check_members(format, at, {"type", "syntax", "definition"}, notes);
        out.key("grammar").open('{');
        grammar_members({format, at}, out, notes);
        out.close('}');
    } else {
        check_members(format, at, {"type"}, notes);
    }
    out.close('}');
}

void flat_custom(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const auto tool = known_object(value, at, {"name", "description", "format"}, notes);
    custom_members({tool, at}, out, notes);
    flat_format(tool["format"], at.at("format"), out, notes);
}

void flat_function(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const auto tool =
        known_object(value, at, {"name", "description", "parameters", "strict"}, notes);
    function_members({tool, at}, true, out, notes);
}

void flat_tool(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    if (!value.is_object()) return notes.wrong_type(at, "an object");
    const JsonObject tool(value);
    const auto type = tool["type"];
    const bool custom = type.says("custom");
    if (!custom && !type.says("function"))
        return notes.refuse(at.at("type"), "unsupported_value", "must be function or custom");
    const auto kind = custom ? std::string_view("custom") : std::string_view("function");
    check_members(tool, at, {"type", kind}, notes);
    out.open('{').key("type").text(kind);
    (custom ? flat_custom : flat_function)(tool[kind], at.at(kind), out, notes);
    out.close('}');
}

constexpr std::array<const char*, 4> place_members = {"city", "country", "region", "timezone"};

// Both have one kind of place, and name its members alike.
void check_approximate(const JsonObject& location, const Path& at, RequestNotes& notes) {
    if (const auto type = location["type"]; type && !type.says("approximate"))
        notes.refuse(at.at("type"), "unsupported_value", "must be approximate");
}

void flat_location(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    if (!value) return;
    const auto location = known_object(value, at, {"type", "approximate"}, notes);
    check_approximate(location, at, notes);
    const auto here = at.at("approximate");
    if (!location["approximate"]) return notes.missing(here);
    const auto place = known_object(
        location["approximate"], here, {"city", "country", "region", "timezone"}, notes);
    out.key("user_location").open('{').key("type").text("approximate");
    for (const auto* name : place_members) out.member(name, place[name]);
    out.close('}');
}

void search_tool(JsonView value, JsonWriter& out, RequestNotes& notes) {
    const Path at("web_search_options");
    const auto options = known_object(value, at, {"search_context_size", "user_location"}, notes);
    out.open('{').key("type").text("web_search");
    out.member("search_context_size", options["search_context_size"]);
    flat_location(options["user_location"], at.at("user_location"), out, notes);
    out.close('}');
}

void nested_location(JsonView value, const Path& at, JsonWriter& out, RequestNotes& notes) {
    if (!value) return;
    const auto place =
        known_object(value, at, {"type", "city", "country", "region", "timezone"}, notes);
    check_approximate(place, at, notes);
    out.key("user_location").open('{').key("type").text("approximate");
    out.key("approximate").open('{');
    for (const auto* name : place_members) out.member(name, place[name]);
    out.close('}').close('}');
}

std::string search_options(const JsonObject& tool, const Path& at, RequestNotes& notes) {
    check_members(tool,
                  at,
                  {"type",
                   "search_context_size",
                   "search_content_types",
                   "user_location",
                   "external_web_access",
                   "indexed_web_access"},
                  notes);
    boolean_member(tool, "external_web_access", at, notes);
    boolean_member(tool, "indexed_web_access", at, notes);
    if (tool["search_content_types"]) notes.drop(at.at("search_content_types"));
    std::string text;
    JsonWriter out(text);
    out.open('{').member("search_context_size", tool["search_context_size"]);
    nested_location(tool["user_location"], at.at("user_location"), out, notes);
    out.close('}');
    return text;
}

bool is_web_search(JsonView type) {
    static constexpr std::array<std::string_view, 4> names = {"web_search",
                                                              "web_search_2025_08_26",
                                                              "web_search_preview",
                                                              "web_search_preview_2025_03_11"};
    return std::any_of(names.begin(), names.end(), [&](auto name) { return type.says(name); });
}

void nested_tool(const JsonObject& tool,
                 const Path& at,
                 bool with_strict,
                 JsonWriter& out,
                 RequestNotes& notes) {
    const auto type = tool["type"];
    const bool custom = type.says("custom");
    if (!custom && !type.says("function")) {
        return notes.refuse(
            at.at("type"),
            "unsupported_value",
            type.says("namespace")
                ? "is a group of functions; a chat service knows none but single ones"
                : "is a tool that the service itself runs; a chat service has none");
    }
    out.open('{').key("type").raw(type.raw());
    if (custom) {
        check_members(tool, at, {"type", "name", "description", "format"}, notes);
        out.key("custom").open('{');
        custom_members({tool, at}, out, notes);
        nested_format(tool["format"], at.at("format"), out, notes);
    } else {
        check_members(tool, at, {"type", "name", "description", "parameters", "strict"}, notes);
        out.key("function").open('{');
        function_members({tool, at}, with_strict, out, notes);
    }
    out.close('}').close('}');
}

// Not `grammar` or `python`, which chat has and Responses has not.
bool is_schema(const JsonObject& format, const Path& at, RequestNotes& notes) {
    const auto type = needed_string(format, "type", at, notes);
    const bool schema = type.says("json_schema");
    if (!schema && !type.says("json_object") && !type.says("text")) {
        notes.refuse(
            at.at("type"), "unsupported_value", "must be text, json_object or json_schema");
    }
    return schema;
}

void schema_members(Holder format, JsonWriter& out, RequestNotes& notes) {
    const auto& [object, at] = format;
    out.key("name").escaped(needed_string(object, "name", at, notes).escaped());
    boolean_member(object, "strict", at, notes);
    for (const auto* name : {"description", "schema", "strict"}) out.member(name, object[name]);
}

// The codex CLI asks so for an index of pages only; a chat service searches the web itself.
bool keeps_off_the_web(const JsonObject& web_search) {
    return web_search["external_web_access"].raw() == "false" ||
           web_search["indexed_web_access"].raw() == "true";
}

}  // namespace

void write_response_tools(JsonView tools,
                          JsonView web_search,
                          JsonWriter& out,
                          RequestNotes& notes) {
    if (!tools && !web_search) return;
    if (tools && !tools.is_array()) return notes.wrong_type(tools_path, "an array");
    out.key("tools").open('[');
    std::size_t index = 0;
    for (const auto tool : json_elements(tools))
        flat_tool(tool, tools_path.at(index++), out, notes);
    if (web_search) search_tool(web_search, out, notes);
    out.close(']');
}

ChatTools write_chat_tools(JsonView tools,
                           const config::Compatibility& upstream,
                           JsonWriter& out,
                           RequestNotes& notes) {
    ChatTools written;
    if (tools && !tools.is_array()) notes.wrong_type(tools_path, "an array");
    std::string list;
    JsonWriter entries(list);
    std::size_t index = 0;
    for (const auto tool : json_elements(tools)) {
        const auto at = tools_path.at(index++);
        if (!tool.is_object()) notes.wrong_type(at, "an object");
        const JsonObject object(tool);
        if (!is_web_search(object["type"])) {
            nested_tool(object, at, upstream.strict_tools.value_or(true), entries, notes);
        } else if (is_dropped(upstream, "web_search_options") || keeps_off_the_web(object)) {
            notes.drop(at.at("web_search"));
        } else {
            if (!written.web_search.empty())
                notes.refuse(at, "unsupported_value", "is a second web search; chat has one");
            written.web_search = search_options(object, at, notes);
        }
    }
    written.any = !list.empty();
    if (written.any) out.key("tools").raw("[" + list + "]");
    return written;
}

void write_text_format(JsonView response_format, JsonWriter& out, RequestNotes& notes) {
    if (!response_format) return;
    const Path at("response_format");
    const auto format = known_object(response_format, at, {"type", "json_schema"}, notes);
    out.key("format").open('{').member("type", format["type"]);
    const auto here = at.at("json_schema");
    if (is_schema(format, at, notes)) {
        const auto schema = known_object(
            format["json_schema"], here, {"name", "description", "schema", "strict"}, notes);
        schema_members({schema, here}, out, notes);
    } else if (format["json_schema"]) {
        notes.unsupported(here, "is of another type");
    }
    out.close('}');
}

void write_response_format(JsonView text_format, JsonWriter& out, RequestNotes& notes) {
    if (!text_format) return;
    const Path text("text");
    const auto at = text.at("format");
    const auto format =
        known_object(text_format, at, {"type", "name", "description", "schema", "strict"}, notes);
    out.key("response_format").open('{').member("type", format["type"]);
    if (is_schema(format, at, notes)) {
        out.key("json_schema").open('{');
        schema_members({format, at}, out, notes);
        out.close('}');
    } else {
        check_members(format, at, {"type"}, notes);
    }
    out.close('}');
}

}  // namespace handover::dialects
