// A whole chat completion as a response object.
#include "dialects/answer_writers.hpp"
#include "dialects/call_ids.hpp"
#include "dialects/chat_speech.hpp"
#include "dialects/item_speech.hpp"
#include "dialects/output_items.hpp"
#include "dialects/usage.hpp"

namespace handover::dialects {
namespace {

class Output {
public:
    explicit Output(const AnswerIdentity& identity) : identity_(identity) {}

    void take(const JsonObject& message, JsonView logprobs) {
        const ChatSpeech speech(message);
        if (!speech.thoughts().empty()) {
            auto& item = add(OutputItem::Kind::reasoning);
            item.parts.push_back(
                {.kind = OutputPart::Kind::reasoning, .text = std::string(speech.thoughts())});
        }
        if (!speech.text().empty() || !speech.refusal().empty()) said(speech, message, logprobs);
        for (const auto value : json_elements(message["tool_calls"])) call(ChatCall(value));
    }

    [[nodiscard]] std::vector<OutputItem> items() && { return std::move(items_); }

private:
    OutputItem& add(OutputItem::Kind kind) {
        items_.push_back({.kind = kind, .id = item_id(kind, identity_, items_.size())});
        return items_.back();
    }

    void said(const ChatSpeech& speech, const JsonObject& message, JsonView logprobs) {
        auto& item = add(OutputItem::Kind::message);
        if (!speech.text().empty()) {
            OutputPart part = {.text = std::string(speech.text())};
            for (const auto annotation : json_elements(message["annotations"]))
                add_annotation(part, response_annotation(annotation));
            add_logprobs(part, logprobs);
            item.parts.push_back(std::move(part));
        }
        if (!speech.refusal().empty())
            item.parts.push_back(
                {.kind = OutputPart::Kind::refusal, .text = std::string(speech.refusal())});
    }

    void call(const ChatCall& call) {
        auto& item =
            add(call.custom ? OutputItem::Kind::custom_call : OutputItem::Kind::function_call);
        item.name = std::string(call.name);
        item.arguments = call.arguments;
        item.call_id = call_ids_.unique(call.id, identity_, items_.size() - 1);
    }

    const AnswerIdentity& identity_;
    CallIds call_ids_ = {};
    std::vector<OutputItem> items_ = {};
};

Failure failed(const std::string& why) {
    return fail({.code = Errc::provider_unavailable,
                 .message = "the provider's answer cannot be translated",
                 .reason = why,
                 .fix = "send the request again"});
}

}  // namespace

Result<std::string> completion_as_response(const JsonObject& completion,
                                           const RequestFacts& facts,
                                           const AnswerIdentity& identity) {
    const auto choices = json_elements(completion["choices"]);
    if (choices.empty()) return failed("it has no choices");
    const JsonObject choice(choices.front());
    const auto end = response_end(choice["finish_reason"].text());
    if (!end) return failed("its finish_reason is \"error\"");

    Output output(identity);
    output.take(JsonObject(choice["message"]), JsonObject(choice["logprobs"])["content"]);
    ResponseObject response = {
        .id = answer_id(Dialect::responses, completion["id"].text(), identity),
        .created = seconds(completion["created"], identity.created),
        .model = std::string(completion["model"].escaped()),
        .service_tier = std::string(completion["service_tier"].escaped()),
        .echo = facts.echo,
        .output = std::move(output).items(),
        .usage = chat_usage(completion, choice)};
    if (!response.output.empty()) response.output.back().status = last_status(*end);
    std::string text;
    JsonWriter out(text);
    write_response(response, *end, out);
    return text;
}

}  // namespace handover::dialects
