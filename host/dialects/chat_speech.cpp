#include "dialects/chat_speech.hpp"

#include <array>

namespace handover::dialects {

ChatSpeech::ChatSpeech(const JsonObject& message) {
    refusal_ = message["refusal"].escaped();
    // The first that is there; the names differ from service to service.
    for (const auto* name : {"reasoning_content", "reasoning", "reasoning_text"}) {
        thoughts_ = message[name].escaped();
        if (!thoughts_.empty()) break;
    }
    const auto content = message["content"];
    text_ = content.escaped();
    if (content.is_array()) read_parts(content);
}

// Mistral: [{"type":"thinking","thinking":[{"type":"text","text"}]},{"type":"text","text"}].
void ChatSpeech::read_parts(JsonView content) {
    for (const auto value : json_elements(content)) {
        const JsonObject part(value);
        joined_text_ += part["text"].escaped();
        for (const auto thought : json_elements(part["thinking"]))
            joined_thoughts_ += JsonObject(thought)["text"].escaped();
    }
    text_ = joined_text_;
    if (!joined_thoughts_.empty()) thoughts_ = joined_thoughts_;
}

ChatCall::ChatCall(JsonView call) {
    const JsonObject object(call);
    index = object["index"].integer();
    id = object["id"].text();
    const auto own = object["custom"];
    custom = object["type"].says("custom") || own;
    const JsonObject said(custom ? own : object["function"]);
    name = said["name"].escaped();
    const auto given = said[custom ? "input" : "arguments"];
    // Some services give an object where the text of one is expected.
    arguments = given.is_object() ? json_escaped(given.raw()) : std::string(given.escaped());
}

}  // namespace handover::dialects
