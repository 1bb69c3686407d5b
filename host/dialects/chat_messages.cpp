// A chat request's messages as `instructions` and `input` of a Responses request.
#include <set>
#include <string>
#include <vector>

#include "dialects/call_ids.hpp"
#include "dialects/content_parts.hpp"
#include "dialects/request_writers.hpp"

namespace handover::dialects {
namespace {

constexpr CallIdRule responses_call_ids = {.most = 64};

bool instructs(const JsonObject& message) {
    const auto role = message["role"];
    return role.says("system") || role.says("developer");
}

class InputItems {
public:
    InputItems(const config::Compatibility& upstream, JsonWriter& out, RequestNotes& notes)
        : upstream_(upstream), out_(out), notes_(notes) {}

    void take(const JsonObject& message, const Path& at) {
        const auto role = message["role"];
        if (message["name"]) notes_.drop(at.at("name"));
        if (instructs(message)) return said_by(developer_or_system(role), message, at);
        if (role.says("user")) return said_by("user", message, at);
        if (role.says("assistant")) return assistant(message, at);
        if (role.says("tool")) return tool(message, at);
        if (!role) return notes_.missing(at.at("role"));
        notes_.refuse(at.at("role"),
                      "unsupported_value",
                      "must be system, developer, user, assistant or tool");
    }

private:
    [[nodiscard]] std::string developer_or_system(JsonView role) const {
        return upstream_.developer_role.value_or(true) ? role.text() : "system";
    }

    void said_by(std::string_view role, const JsonObject& message, const Path& at) {
        out_.open('{').key("type").text("message").key("role").text(role).key("content");
        write_input_parts(message["content"], at.at("content"), out_, notes_);
        out_.close('}');
    }

    void assistant(const JsonObject& message, const Path& at) {
        if (message["audio"]) notes_.unsupported(at.at("audio"), "has no place in a Responses API");
        if (message["function_call"])
            notes_.unsupported(at.at("function_call"), "is deprecated; use tool_calls");
        // Unsigned thoughts of another service: a Responses API takes back only its own.
        for (const auto* thoughts : {"reasoning_content", "reasoning", "reasoning_text"})
            if (message[thoughts]) notes_.drop(at.at(thoughts));
        assistant_text(message, at);
        const auto calls = message["tool_calls"];
        if (!calls) return;
        const auto list = at.at("tool_calls");
        if (!calls.is_array()) return notes_.wrong_type(list, "an array");
        std::size_t index = 0;
        for (const auto value : json_elements(calls)) call(JsonObject(value), list.at(index++));
    }

    void assistant_text(const JsonObject& message, const Path& at) {
        std::string parts;
        JsonWriter writer(parts);
        write_output_parts(
            message["content"], message["refusal"], at.at("content"), writer, notes_);
        if (parts == "[]") return;
        out_.open('{').key("type").text("message").key("role").text("assistant");
        out_.key("content").raw(parts).close('}');
    }

    void call(const JsonObject& call, const Path& at) {
        const auto id = call["id"];
        if (!id.is_string()) return notes_.missing(at.at("id"));
        const auto type = call["type"];
        if (type.says("custom")) return custom_call(id, JsonObject(call["custom"]), at);
        if (type && !type.says("function")) {
            return notes_.refuse(at.at("type"), "unsupported_value", "must be function or custom");
        }
        const JsonObject function(call["function"]);
        if (!function["name"].is_string()) return notes_.missing(at.at("function").at("name"));
        const auto arguments = function["arguments"];
        if (arguments && !arguments.is_string())
            return notes_.wrong_type(at.at("function").at("arguments"), "a string");
        out_.open('{').key("type").text("function_call");
        out_.key("call_id").text(fitting_call_id(id.text(), responses_call_ids));
        out_.member("name", function["name"]);
        out_.key("arguments").escaped(arguments.escaped()).close('}');
    }

    void custom_call(JsonView id, const JsonObject& custom, const Path& at) {
        if (!custom["name"].is_string()) return notes_.missing(at.at("custom").at("name"));
        const auto call_id = id.text();
        custom_ids_.insert(call_id);
        out_.open('{').key("type").text("custom_tool_call");
        out_.key("call_id").text(fitting_call_id(call_id, responses_call_ids));
        out_.member("name", custom["name"]).key("input").escaped(custom["input"].escaped());
        out_.close('}');
    }

    void tool(const JsonObject& message, const Path& at) {
        const auto id = message["tool_call_id"];
        if (!id.is_string()) return notes_.missing(at.at("tool_call_id"));
        const auto call_id = id.text();
        const bool custom = custom_ids_.count(call_id) != 0;
        out_.open('{').key("type");
        out_.text(custom ? "custom_tool_call_output" : "function_call_output");
        out_.key("call_id").text(fitting_call_id(call_id, responses_call_ids));
        out_.key("output").escaped(tool_text(message["content"], at.at("content"), notes_));
        out_.close('}');
    }

    const config::Compatibility& upstream_;
    JsonWriter& out_;
    RequestNotes& notes_;
    std::set<std::string> custom_ids_ = {};
};

// The first message becomes `instructions` where it is one and others follow: an empty input would
// be refused.
bool becomes_instructions(const std::vector<JsonView>& messages) {
    if (messages.size() < 2) return false;
    const JsonObject first(messages.front());
    const auto content = first["content"];
    return instructs(first) && !first["name"] && (content.is_string() || content.is_array());
}

}  // namespace

void write_input(JsonView messages,
                 const config::Compatibility& upstream,
                 JsonWriter& out,
                 RequestNotes& notes) {
    const Path at("messages");
    if (!messages) return notes.missing(at);
    if (!messages.is_array()) return notes.wrong_type(at, "an array");
    const auto list = json_elements(messages);
    if (list.empty()) return notes.refuse(at, "invalid_value", "is empty");

    std::size_t index = 0;
    if (becomes_instructions(list)) {
        const auto here = at.at(0).at("content");
        const auto text = read_chat_content(JsonObject(list.front())["content"], here, notes);
        if (!text.only_text) notes.refuse(here, "unsupported_value", "must be text");
        out.key("instructions").escaped(text.text);
        index = 1;
    }
    out.key("input").open('[');
    InputItems items(upstream, out, notes);
    for (; index < list.size() && !notes.refused(); ++index) {
        const auto here = at.at(index);
        if (!list[index].is_object()) return notes.wrong_type(here, "an object");
        items.take(JsonObject(list[index]), here);
    }
    out.close(']');
}

}  // namespace handover::dialects
