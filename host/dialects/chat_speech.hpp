// What a chat message, or a delta of one, says. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialects/json_text.hpp"
#include "run/chat_calls.hpp"

namespace handover::dialects {

// Views into the message, all escaped.
class ChatSpeech {
public:
    explicit ChatSpeech(const JsonObject& message);
    ChatSpeech(const ChatSpeech&) = delete;
    ChatSpeech& operator=(const ChatSpeech&) = delete;

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] std::string_view refusal() const { return refusal_; }
    [[nodiscard]] std::string_view thoughts() const { return thoughts_; }

private:
    void read_parts(JsonView content);

    std::string joined_text_ = {};  // of parts
    std::string joined_thoughts_ = {};
    std::string_view text_ = {};
    std::string_view refusal_ = {};
    std::string_view thoughts_ = {};
};

// A tool call or a fragment of one.
struct ChatCall {
    explicit ChatCall(JsonView call);

    [[nodiscard]] run::CallFragment fragment() const {
        return {.index = index, .id = id, .name = name};
    }

    std::optional<std::int64_t> index = {};
    std::string id = {};
    bool custom = false;
    std::string_view name = {};  // escaped
    std::string arguments = {};  // escaped; the input of a custom tool
};

}  // namespace handover::dialects
