// A whole response object as a chat completion.
#include "dialects/answer_writers.hpp"
#include "dialects/item_speech.hpp"
#include "dialects/output_items.hpp"
#include "dialects/usage.hpp"

namespace handover::dialects {
namespace {

// The one message that all items of a response become.
struct Message {
    std::string text = {};
    std::string refusal = {};
    std::string thoughts = {};
    std::string annotations = {};
    std::string logprobs = {};
    std::string calls = {};
};

void append(std::string& all, std::string_view more, std::string_view between) {
    if (!all.empty() && !more.empty()) all += between;
    all += more;
}

void take(const JsonObject& item, Message& message) {
    if (is_call(item)) {
        JsonWriter out(message.calls);
        const auto arguments = item["arguments"];
        out.open('{');
        write_chat_call(item, (arguments ? arguments : item["input"]).escaped(), out);
        out.close('}');
        return;
    }
    const auto speech = read_item(item);
    append(message.text, speech.text, "\\n");
    append(message.refusal, speech.refusal, "\\n");
    append(message.thoughts, speech.thoughts, "\\n\\n");
    append(message.annotations, speech.annotations, ",");
    append(message.logprobs, speech.logprobs, ",");
}

void escaped_or_null(std::string_view escaped, bool there, JsonWriter& out) {
    if (there)
        out.escaped(escaped);
    else
        out.null();
}

void write_message(const Message& message, JsonWriter& out) {
    out.open('{').key("role").text("assistant").key("content");
    const bool has_content =
        !message.text.empty() || (message.calls.empty() && message.refusal.empty());
    escaped_or_null(message.text, has_content, out);
    out.key("refusal");
    escaped_or_null(message.refusal, !message.refusal.empty(), out);
    if (!message.thoughts.empty()) out.key("reasoning_content").escaped(message.thoughts);
    if (!message.annotations.empty())
        out.key("annotations").open('[').raw(message.annotations).close(']');
    if (!message.calls.empty()) out.key("tool_calls").open('[').raw(message.calls).close(']');
    out.close('}');
}

void write_choice(const Message& message, std::string_view reason, JsonWriter& out) {
    out.open('{').key("index").number(0).key("message");
    write_message(message, out);
    out.key("logprobs");
    if (message.logprobs.empty())
        out.null();
    else
        out.open('{')
            .key("content")
            .open('[')
            .raw(message.logprobs)
            .close(']')
            .key("refusal")
            .null()
            .close('}');
    out.key("finish_reason").text(reason).close('}');
}

}  // namespace

Result<std::string> response_as_completion(const JsonObject& response,
                                           const AnswerIdentity& identity) {
    Message message;
    for (const auto item : json_elements(response["output"])) take(JsonObject(item), message);
    const auto reason = finish_reason(response, !message.calls.empty());
    if (reason.empty()) {
        return fail({.code = Errc::provider_unavailable,
                     .message = "the provider's answer did not come to its end",
                     .reason = "its status is " + response["status"].text(),
                     .fix = "send the request again"});
    }
    std::string text;
    JsonWriter out(text);
    out.open('{').key("id");
    out.text(answer_id(Dialect::chat_completions, response["id"].text(), identity));
    out.key("object").text("chat.completion");
    out.key("created").number(seconds(response["created_at"], identity.created));
    out.key("model").escaped(response["model"].escaped()).key("choices").open('[');
    write_choice(message, reason, out);
    out.close(']');
    if (const auto usage = read_usage(Dialect::responses, response["usage"])) {
        out.key("usage");
        write_usage(Dialect::chat_completions, *usage, out);
    }
    out.member("service_tier", response["service_tier"]).close('}');
    return text;
}

}  // namespace handover::dialects
