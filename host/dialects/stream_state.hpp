// What both stream translators have in common: how a stream ends. Pure.
#pragma once

#include <optional>
#include <string>

#include "dialects/failure.hpp"
#include "dialects/json_text.hpp"
#include "dialects/stream.hpp"

namespace handover::dialects {

class StreamState : public StreamTranslator {
public:
    void fail(const AnswerFailure& failure, std::string& out) override {
        if (ended_) return;
        ended_ = true;
        failure_ = failure;
        out += failure_event(client_, failure, next_number());
    }
    [[nodiscard]] bool ended() const override { return ended_; }
    [[nodiscard]] const std::optional<AnswerFailure>& failure() const override { return failure_; }
    [[nodiscard]] const std::optional<Usage>& usage() const override { return usage_; }

protected:
    explicit StreamState(Dialect client) : client_(client) {}

    // Of the next event, where the client's dialect numbers them.
    [[nodiscard]] virtual std::int64_t next_number() { return 0; }

    void end() { ended_ = true; }
    void count(std::optional<Usage> usage) {
        if (usage) usage_ = usage;
    }
    // The upstream closed before its answer was whole.
    void broken_off(std::string& out) { fail(stream_broken_off(), out); }

private:
    Dialect client_;
    bool ended_ = false;
    std::optional<AnswerFailure> failure_ = {};
    std::optional<Usage> usage_ = {};
};

// An event's data as an object. Data that is no object at all is some keep-alive and no event; an
// object that cannot be read is a piece of the answer that is lost.
enum class EventData { object, nothing, unreadable };
EventData read_event(const http::SseEvent& event, JsonObject& object);

// {"message","type","code","param"}
void write_failure(const AnswerFailure& failure, JsonWriter& out);

std::unique_ptr<StreamTranslator> make_chat_to_responses(RequestFacts facts,
                                                         AnswerIdentity identity);
std::unique_ptr<StreamTranslator> make_responses_to_chat(const RequestFacts& facts,
                                                         AnswerIdentity identity);

}  // namespace handover::dialects
