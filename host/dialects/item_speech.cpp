#include "dialects/item_speech.hpp"

namespace handover::dialects {
namespace {

void append_list(std::string& list, std::string_view entries) {
    if (entries.empty()) return;
    if (!list.empty()) list += ',';
    list += entries;
}

// What stands between an array's brackets.
std::string_view inside(JsonView array) {
    if (!array.is_array()) return {};
    const auto raw = array.raw();
    return raw.substr(1, raw.size() - 2);
}

void read_part(const JsonObject& part, ItemSpeech& speech) {
    if (part["type"].says("refusal")) {
        speech.refusal += part["refusal"].escaped();
        return;
    }
    if (!part["type"].says("output_text")) return;
    speech.text += part["text"].escaped();
    append_list(speech.logprobs, inside(part["logprobs"]));
    for (const auto annotation : json_elements(part["annotations"]))
        append_list(speech.annotations, chat_annotation(annotation));
}

std::string joined(JsonView parts, std::string_view between) {
    std::string text;
    for (const auto value : json_elements(parts)) {
        const auto more = JsonObject(value)["text"].escaped();
        if (!text.empty() && !more.empty()) text += between;
        text += more;
    }
    return text;
}

}  // namespace

ItemSpeech read_item(const JsonObject& item) {
    ItemSpeech speech;
    const auto type = item["type"];
    if (type.says("reasoning")) {
        speech.thoughts = joined(item["content"], "");
        if (speech.thoughts.empty()) speech.thoughts = joined(item["summary"], "\\n\\n");
    } else if (type.says("message")) {
        for (const auto part : json_elements(item["content"])) read_part(JsonObject(part), speech);
    }
    return speech;
}

std::string chat_annotation(JsonView annotation) {
    const JsonObject citation(annotation);
    std::string text;
    if (!citation["type"].says("url_citation")) return text;
    JsonWriter out(text);
    out.open('{').key("type").text("url_citation").key("url_citation").open('{');
    for (const auto* name : {"start_index", "end_index", "url", "title"})
        out.member(name, citation[name]);
    out.close('}').close('}');
    return text;
}

std::string response_annotation(JsonView annotation) {
    const JsonObject outer(annotation);
    std::string text;
    if (!outer["type"].says("url_citation")) return text;
    const JsonObject citation(outer["url_citation"]);
    JsonWriter out(text);
    out.open('{').key("type").text("url_citation");
    for (const auto* name : {"start_index", "end_index", "url", "title"})
        out.member(name, citation[name]);
    out.close('}');
    return text;
}

void write_chat_call(const JsonObject& item, std::string_view arguments, JsonWriter& out) {
    const bool custom = item["type"].says("custom_tool_call");
    const auto id = item["call_id"];
    out.key("id").escaped((id ? id : item["id"]).escaped());
    out.key("type").text(custom ? "custom" : "function").key(custom ? "custom" : "function");
    out.open('{').key("name").escaped(item["name"].escaped());
    out.key(custom ? "input" : "arguments").escaped(arguments).close('}');
}

bool is_call(const JsonObject& item) {
    const auto type = item["type"];
    return type.says("function_call") || type.says("custom_tool_call");
}

std::string_view finish_reason(const JsonObject& response, bool has_calls) {
    const auto status = response["status"];
    if (status.says("incomplete")) {
        const auto reason = JsonObject(response["incomplete_details"])["reason"];
        return reason.says("content_filter") ? "content_filter" : "length";
    }
    if (status && !status.says("completed")) return {};
    return has_calls ? "tool_calls" : "stop";
}

std::int64_t seconds(JsonView value, std::int64_t otherwise) {
    constexpr double latest = 1e15;
    const auto date = value.number();
    return date && *date >= 0 && *date <= latest ? static_cast<std::int64_t>(*date) : otherwise;
}

}  // namespace handover::dialects
