// Makes one answer of a stream's events: the text as it comes, and the final object as if nothing
// had been streamed. Pure; one implementation per dialect.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/sse_decoder.hpp"

namespace handover::run {

class Collector {
public:
    // What one event brought.
    struct Step {
        std::string text = {};  // for people: what the model said, refusals included
        bool ended = false;     // the terminal event; what follows does not count
        std::optional<std::string> failure = {};  // the event's data, for the plugin to classify
    };

    Collector() = default;
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;
    virtual ~Collector() = default;

    virtual Step take(const http::SseEvent& event) = 0;
    // The final object's JSON; nothing before the terminal event: the stream broke off.
    [[nodiscard]] virtual std::optional<std::string> result() const = 0;
};

std::unique_ptr<Collector> make_response_collector();
std::unique_ptr<Collector> make_chat_collector();
// By dialect: "responses" or "chat_completions".
std::unique_ptr<Collector> make_collector(std::string_view dialect);

// What a final object says, refusals included.
std::string response_text(std::string_view response);
std::string completion_text(std::string_view completion);
std::string answer_text(std::string_view dialect, std::string_view answer);

}  // namespace handover::run
