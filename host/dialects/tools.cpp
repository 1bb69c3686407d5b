#include "dialects/tools.hpp"

namespace handover::dialects {
namespace {

const Path tools_path("tools");
const Path choice_path("tool_choice");

// A function without parameters takes none.
constexpr std::string_view no_parameters = R"({"type":"object","properties":{}})";

// The members that both dialects have, after `type` in one and inside of `function` in the other.
void function_members(const JsonObject& function, bool with_strict, JsonWriter& out) {
    out.member("name", function["name"]).member("description", function["description"]);
    const auto parameters = function["parameters"];
    out.key("parameters").raw(parameters ? parameters.raw() : no_parameters);
    // The defaults differ: true in Responses, false in chat.
    if (with_strict) out.key("strict").boolean(function["strict"].is_true());
}

bool has_name(const JsonObject& holder, const Path& at, RequestNotes& notes) {
    const auto name = holder["name"];
    if (!name) notes.missing(at.at("name"));
    if (name && !name.is_string()) notes.wrong_type(at.at("name"), "a string");
    return name.is_string();
}

// {"type":"grammar","grammar":{...}} in chat, {"type":"grammar","definition",...} in Responses.
void flat_format(JsonView format, JsonWriter& out) {
    if (!format) return;
    const JsonObject object(format);
    const JsonObject grammar(object["grammar"]);
    out.key("format").open('{').member("type", object["type"]);
    out.member("syntax", grammar["syntax"]).member("definition", grammar["definition"]).close('}');
}

void nested_format(JsonView format, JsonWriter& out) {
    if (!format) return;
    const JsonObject object(format);
    out.key("format").open('{').member("type", object["type"]);
    if (object["definition"]) {
        out.key("grammar").open('{').member("syntax", object["syntax"]);
        out.member("definition", object["definition"]).close('}');
    }
    out.close('}');
}

void flat_tool(JsonView tool, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const JsonObject object(tool);
    const auto type = object["type"];
    const bool custom = type.says("custom");
    if (!custom && !type.says("function"))
        return notes.refuse(at.at("type"), "unsupported_value", "must be function or custom");
    const auto kind = custom ? std::string_view("custom") : std::string_view("function");
    const JsonObject inner(object[kind]);
    if (!has_name(inner, at.at(kind), notes)) return;
    out.open('{').key("type").text(kind);
    if (custom) {
        out.member("name", inner["name"]).member("description", inner["description"]);
        flat_format(inner["format"], out);
    } else {
        function_members(inner, true, out);
    }
    out.close('}');
}

void search_tool(JsonView options, JsonWriter& out) {
    const JsonObject object(options);
    out.open('{').key("type").text("web_search");
    out.member("search_context_size", object["search_context_size"]);
    if (const JsonObject location(object["user_location"]); location["approximate"]) {
        const JsonObject place(location["approximate"]);
        out.key("user_location").open('{').key("type").text("approximate");
        for (const auto* name : {"city", "country", "region", "timezone"})
            out.member(name, place[name]);
        out.close('}');
    }
    out.close('}');
}

std::string search_options(const JsonObject& tool) {
    std::string text;
    JsonWriter out(text);
    out.open('{').member("search_context_size", tool["search_context_size"]);
    if (const JsonObject place(tool["user_location"]); !place.members().empty()) {
        out.key("user_location").open('{').key("type").text("approximate");
        out.key("approximate").open('{');
        for (const auto* name : {"city", "country", "region", "timezone"})
            out.member(name, place[name]);
        out.close('}').close('}');
    }
    out.close('}');
    return text;
}

bool is_web_search(JsonView type) {
    const auto name = type.escaped();
    return name.starts_with("web_search");
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
    if (!has_name(tool, at, notes)) return;
    out.open('{').key("type").raw(type.raw());
    if (custom) {
        out.key("custom").open('{').member("name", tool["name"]);
        out.member("description", tool["description"]);
        nested_format(tool["format"], out);
    } else {
        out.key("function").open('{');
        function_members(tool, with_strict, out);
    }
    out.close('}').close('}');
}

// {"type":"function","function":{"name"}} in chat, {"type":"function","name"} in Responses.
void flat_named(const JsonObject& choice, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const auto type = choice["type"];
    const bool custom = type.says("custom");
    if (!custom && !type.says("function"))
        return notes.refuse(at.at("type"), "unsupported_value", "must be function or custom");
    const auto kind = custom ? std::string_view("custom") : std::string_view("function");
    const JsonObject inner(choice[kind]);
    if (!has_name(inner, at.at(kind), notes)) return;
    out.open('{').key("type").text(kind).member("name", inner["name"]).close('}');
}

void nested_named(const JsonObject& choice, const Path& at, JsonWriter& out, RequestNotes& notes) {
    const auto type = choice["type"];
    const bool custom = type.says("custom");
    if (!custom && !type.says("function")) {
        return notes.refuse(
            at.at("type"), "unsupported_value", "names a tool that a chat service does not have");
    }
    if (!has_name(choice, at, notes)) return;
    out.open('{').key("type").raw(type.raw());
    out.key(custom ? "custom" : "function").open('{').member("name", choice["name"]);
    out.close('}').close('}');
}

using WriteNamed = void (*)(const JsonObject&, const Path&, JsonWriter&, RequestNotes&);

void allowed_tools(const JsonObject& allowed,
                   const Path& at,
                   WriteNamed write,
                   JsonWriter& out,
                   RequestNotes& notes) {
    out.member("mode", allowed["mode"]).key("tools").open('[');
    const auto list = at.at("tools");
    std::size_t index = 0;
    for (const auto tool : json_elements(allowed["tools"]))
        write(JsonObject(tool), list.at(index++), out, notes);
    out.close(']');
}

// Both know "none", "auto", "required". False where the choice is an object.
bool word(JsonView choice, std::string_view required, JsonWriter& out) {
    if (!choice.is_string()) return false;
    out.key("tool_choice").text(choice.says("required") ? required : choice.text());
    return true;
}

const JsonView* wrong_choice(const JsonView& choice, RequestNotes& notes) {
    if (choice.is_object()) return nullptr;
    notes.wrong_type(choice_path, "a string or an object");
    return &choice;
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
    if (web_search) search_tool(web_search, out);
    out.close(']');
}

std::string write_chat_tools(JsonView tools,
                             const config::Compatibility& upstream,
                             JsonWriter& out,
                             RequestNotes& notes) {
    std::string web_search;
    if (!tools) return web_search;
    if (!tools.is_array()) {
        notes.wrong_type(tools_path, "an array");
        return web_search;
    }
    std::string list;
    JsonWriter entries(list);
    std::size_t index = 0;
    for (const auto tool : json_elements(tools)) {
        const JsonObject object(tool);
        const auto at = tools_path.at(index++);
        if (is_web_search(object["type"])) {
            web_search = search_options(object);
        } else {
            nested_tool(object, at, upstream.strict_tools.value_or(true), entries, notes);
        }
    }
    if (!list.empty()) out.key("tools").raw("[" + list + "]");
    return web_search;
}

void write_response_tool_choice(JsonView choice, JsonWriter& out, RequestNotes& notes) {
    if (!choice || word(choice, "required", out) || wrong_choice(choice, notes) != nullptr) return;
    const JsonObject object(choice);
    out.key("tool_choice");
    if (!object["type"].says("allowed_tools")) return flat_named(object, choice_path, out, notes);
    out.open('{').key("type").text("allowed_tools");
    allowed_tools(JsonObject(object["allowed_tools"]),
                  choice_path.at("allowed_tools"),
                  flat_named,
                  out,
                  notes);
    out.close('}');
}

void write_chat_tool_choice(JsonView choice,
                            const config::Compatibility& upstream,
                            JsonWriter& out,
                            RequestNotes& notes) {
    const auto required = upstream.required_tool_choice.value_or("required");
    if (!choice || word(choice, required, out) || wrong_choice(choice, notes) != nullptr) return;
    const JsonObject object(choice);
    out.key("tool_choice");
    if (!object["type"].says("allowed_tools")) return nested_named(object, choice_path, out, notes);
    out.open('{').key("type").text("allowed_tools").key("allowed_tools").open('{');
    allowed_tools(object, choice_path, nested_named, out, notes);
    out.close('}').close('}');
}

void write_text_format(JsonView response_format, JsonWriter& out, RequestNotes& notes) {
    if (!response_format) return;
    const Path at("response_format");
    const JsonObject format(response_format);
    const auto type = format["type"];
    if (!type.is_string()) return notes.missing(at.at("type"));
    out.key("format").open('{').key("type").raw(type.raw());
    if (type.says("json_schema")) {
        const JsonObject schema(format["json_schema"]);
        if (!has_name(schema, at.at("json_schema"), notes)) return;
        for (const auto* name : {"name", "description", "schema", "strict"})
            out.member(name, schema[name]);
    }
    out.close('}');
}

void write_response_format(JsonView text_format, JsonWriter& out, RequestNotes& notes) {
    if (!text_format) return;
    const Path text("text");
    const auto at = text.at("format");
    const JsonObject format(text_format);
    const auto type = format["type"];
    if (!type.is_string()) return notes.missing(at.at("type"));
    out.key("response_format").open('{').key("type").raw(type.raw());
    if (type.says("json_schema")) {
        if (!has_name(format, at, notes)) return;
        out.key("json_schema").open('{');
        for (const auto* name : {"name", "description", "schema", "strict"})
            out.member(name, format[name]);
        out.close('}');
    }
    out.close('}');
}

}  // namespace handover::dialects
