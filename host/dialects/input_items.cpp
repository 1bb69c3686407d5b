// A Responses request's `instructions` and `input` as the messages of a chat request.
#include <array>

#include "dialects/call_ids.hpp"
#include "dialects/content_parts.hpp"
#include "dialects/request_members.hpp"
#include "dialects/request_writers.hpp"

namespace handover::dialects {
namespace {

// What a tool's image is called where it cannot stand: the next message has it.
constexpr std::string_view see_below = "(see the next message)";

void append_line(std::string& text, std::string_view more) {
    if (!text.empty() && !more.empty()) text += "\\n";
    text += more;
}

// An assistant's message in the making: text, then the calls that follow it.
struct AssistantMessage {
    bool begun = false;
    bool has_text = false;
    std::string text = {};       // escaped
    std::string refusal = {};    // escaped
    std::string reasoning = {};  // escaped
    std::string calls = {};      // JSON, comma-separated
};

// An item's id, status and author, whether it ended the turn, and arguments that were parsed, are
// of the answer that it was: a client sends it back as it came.
class Messages {
public:
    Messages(const config::Compatibility& upstream, JsonWriter& out, RequestNotes& notes)
        : upstream_(upstream), out_(out), notes_(notes) {}

    void instructions(JsonView text) {
        if (!text) return;
        if (!text.is_string()) return notes_.wrong_type(Path("instructions"), "a string");
        message("system", text.escaped());
    }

    void take(JsonView value, const Path& at) {
        if (!value.is_object()) return notes_.wrong_type(at, "an object");
        const JsonObject item(value);
        const auto type = item["type"];
        for (const auto& kind : kinds()) {
            if (type ? !type.says(kind.type) : !item["role"]) continue;
            return (this->*kind.take)(item, at);
        }
        if (!type) return notes_.missing(at.at("type"));
        notes_.refuse(
            at.at("type"),
            "unsupported_value",
            type.says("item_reference")
                ? "needs stored items, and this provider keeps none; send the item itself "
                  "(clients that refer to items do so no more once they are told \"store\": false)"
                : "is an item that a chat service cannot be given");
    }

    void said_by_user(JsonView text) { message("user", text.escaped()); }

    void end() {
        end_assistant();
        end_tool_results();
    }

private:
    struct Kind {
        std::string_view type;
        void (Messages::*take)(const JsonObject&, const Path&);
    };
    // The first one is what an item without a type is.
    static const std::array<Kind, 6>& kinds() {
        static constexpr std::array<Kind, 6> all = {{
            {"message", &Messages::said},
            {"function_call", &Messages::function_call},
            {"custom_tool_call", &Messages::custom_call},
            {"function_call_output", &Messages::call_output},
            {"custom_tool_call_output", &Messages::call_output},
            {"reasoning", &Messages::reasoning},
        }};
        return all;
    }

    void message(std::string_view role, std::string_view escaped) {
        out_.open('{').key("role").text(role).key("content").escaped(escaped).close('}');
    }

    void said(const JsonObject& item, const Path& at) {
        const auto role = item["role"];
        if (item["phase"]) notes_.drop(at.at("phase"));
        check_members(
            item,
            at,
            {"type", "role", "content", "phase", "id", "status", "created_by", "end_turn"},
            notes_);
        const auto speaker = role.says("assistant") ? Speaker::assistant : Speaker::other;
        const auto content = read_chat_content(item["content"], speaker, at.at("content"), notes_);
        if (speaker == Speaker::assistant) return assistant(content);
        end();
        if (role.says("user")) return user(content);
        if (!role.says("system") && !role.says("developer")) {
            return notes_.refuse(
                at.at("role"), "unsupported_value", "must be user, assistant, system or developer");
        }
        if (!content.only_text)
            notes_.refuse(at.at("content"), "unsupported_value", "must be text in this role");
        const bool keeps = upstream_.developer_role.value_or(true);
        message(keeps ? role.text() : std::string("system"), content.text);
    }

    void user(const ChatContent& content) {
        if (content.only_text) return message("user", content.text);
        out_.open('{').key("role").text("user").key("content").open('[').raw(content.parts);
        out_.close(']').close('}');
    }

    // A second message after the first begins a new one, unless calls were made in between: their
    // results have to follow the message that made them.
    void assistant(const ChatContent& content) {
        end_tool_results();
        if (assistant_.has_text && assistant_.calls.empty()) end_assistant();
        assistant_.begun = true;
        assistant_.has_text = true;
        append_line(assistant_.text, content.text);
        assistant_.refusal += content.refusal;
    }

    void function_call(const JsonObject& item, const Path& at) {
        call(item, at, "function", "arguments");
    }

    void custom_call(const JsonObject& item, const Path& at) { call(item, at, "custom", "input"); }

    void call(const JsonObject& item,
              const Path& at,
              std::string_view kind,
              std::string_view words) {
        if (item["namespace"])
            notes_.unsupported(at.at("namespace"), "is unknown to chat services");
        check_members(item,
                      at,
                      {"type",
                       "call_id",
                       "name",
                       words,
                       "namespace",
                       "id",
                       "status",
                       "created_by",
                       "parsed_arguments"},
                      notes_);
        end_tool_results();
        assistant_.begun = true;
        JsonWriter out(assistant_.calls);
        out.open('{').key("id").text(fitting(needed_string(item, "call_id", at, notes_)));
        out.key("type").text(kind).key(kind).open('{');
        for (const auto member : {std::string_view("name"), words})
            out.key(member).escaped(needed_string(item, member, at, notes_).escaped());
        out.close('}').close('}');
    }

    void call_output(const JsonObject& item, const Path& at) {
        // `name`: the call's once more.
        check_members(
            item, at, {"type", "call_id", "name", "output", "id", "status", "created_by"}, notes_);
        const auto id = needed_string(item, "call_id", at, notes_);
        end_assistant();
        const auto content =
            read_chat_content(item["output"], Speaker::other, at.at("output"), notes_);
        auto text = content.text;
        if (!content.only_text) {
            append_line(text, see_below);
            append_part(content.others);
        }
        out_.open('{').key("role").text("tool").key("tool_call_id").text(fitting(id));
        out_.key("content").escaped(text).close('}');
    }

    void append_part(std::string_view part) {
        if (!tool_parts_.empty()) tool_parts_ += ',';
        tool_parts_ += part;
    }

    // Its text belongs to the message that follows, where the service takes it back at all.
    void reasoning(const JsonObject& item, const Path& at) {
        if (!upstream_.reasoning_field) return notes_.drop(at.at("reasoning"));
        if (item["encrypted_content"]) notes_.drop(at.at("encrypted_content"));
        check_members(
            item, at, {"type", "summary", "content", "encrypted_content", "id", "status"}, notes_);
        end_tool_results();
        if (assistant_.calls.empty()) end_assistant();
        const bool whole = item["content"] && item["content"].raw() != "[]";
        const auto* from = whole ? "content" : "summary";
        if (!item[from]) return;
        const auto thoughts =
            read_chat_content(item[from], Speaker::assistant, at.at(from), notes_);
        append_line(assistant_.reasoning, thoughts.text);
    }

    void end_assistant() {
        if (assistant_.begun) write_assistant();
        assistant_ = {};
    }

    void write_assistant() {
        out_.open('{').key("role").text("assistant").key("content");
        const bool null = upstream_.null_content.value_or(true);
        if (assistant_.text.empty() && null && (!assistant_.has_text || !assistant_.calls.empty()))
            out_.null();
        else
            out_.escaped(assistant_.text);
        if (!assistant_.refusal.empty()) out_.key("refusal").escaped(assistant_.refusal);
        if (!assistant_.reasoning.empty())
            out_.key(*upstream_.reasoning_field).escaped(assistant_.reasoning);
        if (!assistant_.calls.empty())
            out_.key("tool_calls").open('[').raw(assistant_.calls).close(']');
        out_.close('}');
    }

    // What tools gave besides text follows their last result: nothing may stand between results.
    void end_tool_results() {
        if (tool_parts_.empty()) return;
        out_.open('{').key("role").text("user").key("content").open('[').raw(tool_parts_);
        out_.close(']').close('}');
        tool_parts_.clear();
    }

    [[nodiscard]] std::string fitting(JsonView id) const {
        // OpenAI's chat API takes 40 characters.
        constexpr std::size_t most = 40;
        const auto exact = static_cast<std::size_t>(upstream_.tool_call_id_length.value_or(0));
        return fitting_call_id(id.text(), {.most = most, .exact = exact});
    }

    const config::Compatibility& upstream_;
    JsonWriter& out_;
    RequestNotes& notes_;
    AssistantMessage assistant_ = {};
    std::string tool_parts_ = {};  // JSON, comma-separated
};

}  // namespace

void write_messages(JsonView instructions,
                    JsonView input,
                    const config::Compatibility& upstream,
                    JsonWriter& out,
                    RequestNotes& notes) {
    const Path at("input");
    out.key("messages").open('[');
    Messages messages(upstream, out, notes);
    messages.instructions(instructions);
    if (input.is_string()) {
        messages.said_by_user(input);
    } else if (input.is_array()) {
        std::size_t index = 0;
        for (const auto item : json_elements(input)) {
            if (notes.refused()) return;
            messages.take(item, at.at(index++));
        }
        messages.end();
    } else if (input) {
        notes.wrong_type(at, "a string or an array of items");
    } else {
        notes.missing(at);
    }
    out.close(']');
}

}  // namespace handover::dialects
