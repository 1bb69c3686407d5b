// A chat request's messages as `instructions` and `input` of a Responses request.
#include <set>
#include <string>
#include <vector>

#include "dialects/call_ids.hpp"
#include "dialects/content_parts.hpp"
#include "dialects/request_members.hpp"
#include "dialects/request_writers.hpp"

namespace handover::dialects {
namespace {

// An assistant's turn without a word.
constexpr std::string_view nothing_said = R"([{"type":"output_text","text":"","annotations":[]}])";

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
        check_members(message, at, {"role", "content", "name"}, notes_);
        out_.open('{').key("type").text("message").key("role").text(role).key("content");
        write_input_parts(message["content"], at.at("content"), out_, notes_);
        out_.close('}');
    }

    void assistant(const JsonObject& message, const Path& at) {
        if (message["audio"]) notes_.unsupported(at.at("audio"), "has no place in a Responses API");
        if (message["function_call"])
            notes_.unsupported(at.at("function_call"), "is deprecated; use tool_calls");
        check_assistant(message, at);
        assistant_text(message, at);
        const auto list = at.at("tool_calls");
        std::size_t index = 0;
        for (const auto value : json_elements(message["tool_calls"])) call(value, list.at(index++));
    }

    void check_assistant(const JsonObject& message, const Path& at) {
        // Annotations and what was parsed are the answer's, which a client sends back as it came.
        // Left out are unsigned thoughts of another service: a Responses API takes back only its
        // own.
        check_members(message,
                      at,
                      {"role",
                       "content",
                       "refusal",
                       "tool_calls",
                       "name",
                       "annotations",
                       "parsed",
                       "audio",
                       "function_call"},
                      notes_,
                      {"reasoning_content", "reasoning", "reasoning_text", "reasoning_details"});
        const auto refusal = message["refusal"];
        if (refusal && !refusal.is_string()) notes_.wrong_type(at.at("refusal"), "a string");
        const auto calls = message["tool_calls"];
        if (calls && !calls.is_array()) notes_.wrong_type(at.at("tool_calls"), "an array");
    }

    void assistant_text(const JsonObject& message, const Path& at) {
        std::string parts;
        JsonWriter writer(parts);
        write_output_parts(
            message["content"], message["refusal"], at.at("content"), writer, notes_);
        // An empty text: the turn is the other's all the same.
        const bool calls = !json_elements(message["tool_calls"]).empty();
        if (parts == "[]" && calls) return;
        out_.open('{').key("type").text("message").key("role").text("assistant");
        out_.key("content").raw(parts == "[]" ? nothing_said : parts).close('}');
    }

    void call(JsonView value, const Path& at) {
        // `index`: of the stream that the call came in.
        const auto made =
            known_object(value, at, {"id", "type", "index", "function", "custom"}, notes_);
        const auto id = needed_string(made, "id", at, notes_);
        const auto type = made["type"];
        const bool custom = type.says("custom");
        if (type && !custom && !type.says("function")) {
            return notes_.refuse(at.at("type"), "unsupported_value", "must be function or custom");
        }
        if (made[custom ? "function" : "custom"])
            notes_.unsupported(at.at(custom ? "function" : "custom"), "is of another type");
        const auto call_id = id.text();
        out_.open('{').key("type").text(custom ? "custom_tool_call" : "function_call");
        out_.key("call_id").text(fitting_call_id(call_id, responses_call_ids));
        if (custom) custom_ids_.insert(call_id);
        said_to(made, custom ? "custom" : "function", custom ? "input" : "arguments", at);
        out_.close('}');
    }

    // `input` or `arguments`, of the tool that is named.
    void said_to(const JsonObject& call,
                 std::string_view kind,
                 std::string_view words,
                 const Path& at) {
        const auto here = at.at(kind);
        const auto tool =
            known_object(call[kind], here, {"name", words, "parsed_arguments"}, notes_);
        out_.key("name").escaped(needed_string(tool, "name", here, notes_).escaped());
        // A function that takes nothing may be called without a word.
        if (!tool[words] && words == "arguments") return void(out_.key(words).text("{}"));
        out_.key(words).escaped(needed_string(tool, words, here, notes_).escaped());
    }

    void tool(const JsonObject& message, const Path& at) {
        check_members(message, at, {"role", "tool_call_id", "content", "name"}, notes_);
        const auto id = needed_string(message, "tool_call_id", at, notes_);
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
        const JsonObject first(list.front());
        const auto message = at.at(0);
        const auto here = message.at("content");
        check_members(first, message, {"role", "content"}, notes);
        const auto text = read_chat_content(first["content"], Speaker::other, here, notes);
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
