// A chat stream as the events of a response.
#include <utility>

#include "dialects/failure.hpp"
#include "dialects/item_speech.hpp"
#include "dialects/response_ladder.hpp"
#include "dialects/stream_state.hpp"
#include "dialects/usage.hpp"

namespace handover::dialects {
namespace {

class ChatToResponses : public StreamState {
public:
    ChatToResponses(RequestFacts facts, AnswerIdentity identity)
        : StreamState(Dialect::responses),
          facts_(std::move(facts)),
          identity_(std::move(identity)),
          ladder_(identity_) {}

    void take(const http::SseEvent& event, std::string& out) override {
        if (ended()) return;
        if (event.data.starts_with("[DONE]")) return done(out);
        JsonObject chunk;
        const auto read = read_event(event, chunk);
        if (read == EventData::nothing) return;
        if (read == EventData::unreadable)
            return fail({.message = "the provider sent an event that is not valid JSON"}, out);
        if (const auto failure = failure_in(chunk, event.type)) return fail(*failure, out);
        take_chunk(chunk, out);
    }

    // A server may close after the finish reason, without [DONE].
    void finish(std::string& out) override {
        if (ended()) return;
        if (end_) return complete(*end_, out);
        broken_off(out);
    }

protected:
    [[nodiscard]] std::int64_t next_number() override { return ladder_.next_number(); }

private:
    void take_chunk(const JsonObject& chunk, std::string& out) {
        const auto choice = first_choice(chunk);
        count(chat_usage(chunk, choice));
        // Azure's first chunk has no choice, and neither id nor model.
        if (choice.members().empty()) return;
        if (!ladder_.begun()) begin(chunk, out);
        take_delta(JsonObject(choice["delta"]), JsonObject(choice["logprobs"])["content"], out);
        if (const auto reason = choice["finish_reason"]) finished(reason.text(), out);
    }

    // Only one was asked for.
    static JsonObject first_choice(const JsonObject& chunk) {
        for (const auto value : json_elements(chunk["choices"])) {
            JsonObject choice(value);
            if (choice["index"].integer().value_or(0) == 0) return choice;
        }
        return {};
    }

    void begin(const JsonObject& chunk, std::string& out) {
        ladder_.begin({.id = answer_id(Dialect::responses, chunk["id"].text(), identity_),
                       .created = seconds(chunk["created"], identity_.created),
                       .model = std::string(chunk["model"].escaped()),
                       .service_tier = std::string(chunk["service_tier"].escaped()),
                       .echo = std::move(facts_.echo)},
                      out);
    }

    void take_delta(const JsonObject& delta, JsonView logprobs, std::string& out) {
        const ChatSpeech speech(delta);
        ladder_.say(OutputPart::Kind::reasoning, speech.thoughts(), {}, out);
        ladder_.say(OutputPart::Kind::text, speech.text(), logprobs, out);
        ladder_.say(OutputPart::Kind::refusal, speech.refusal(), {}, out);
        for (const auto annotation : json_elements(delta["annotations"]))
            ladder_.annotate(response_annotation(annotation), out);
        for (const auto value : json_elements(delta["tool_calls"])) {
            const ChatCall call(value);
            ladder_.call(slots_.slot_of(call.fragment()), call, out);
        }
    }

    // The usage may follow in a chunk of its own, so the response is not completed yet.
    void finished(const std::string& reason, std::string& out) {
        end_ = response_end(reason);
        if (!end_)
            return fail({.message = "the provider ended its answer with the reason \"error\""},
                        out);
        ladder_.close(*end_, out);
    }

    void done(std::string& out) {
        if (!end_ && !ladder_.has_items()) return broken_off(out);
        complete(end_.value_or(ResponseEnd()), out);
    }

    void complete(const ResponseEnd& how, std::string& out) {
        ladder_.complete(how, usage(), out);
        end();
    }

    RequestFacts facts_;
    AnswerIdentity identity_;
    ResponseLadder ladder_;
    run::CallSlots slots_ = {};
    std::optional<ResponseEnd> end_ = {};
};

}  // namespace

std::unique_ptr<StreamTranslator> make_chat_to_responses(RequestFacts facts,
                                                         AnswerIdentity identity) {
    return std::make_unique<ChatToResponses>(std::move(facts), std::move(identity));
}

}  // namespace handover::dialects
