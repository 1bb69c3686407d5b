#include "dialects/stream.hpp"

#include "dialects/json_validity.hpp"
#include "dialects/stream_state.hpp"

namespace handover::dialects {
namespace {

void text_or_null(std::string_view text, JsonWriter& out) {
    if (text.empty())
        out.null();
    else
        out.text(text);
}

}  // namespace

EventData read_event(const http::SseEvent& event, JsonObject& object) {
    const auto start = event.data.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos || event.data[start] != '{') return EventData::nothing;
    if (!is_json(event.data)) return EventData::unreadable;
    object = JsonObject(event.data);
    return EventData::object;
}

void write_failure(const AnswerFailure& failure, JsonWriter& out) {
    out.open('{').key("message").text(failure.message).key("type").text(failure.type);
    text_or_null(failure.param, out.key("param"));
    text_or_null(failure.code, out.key("code"));
    out.close('}');
}

// Both official clients raise what has a top-level `error`; the flat members are what the event of
// that name has in the Responses API.
std::string failure_event(Dialect client,
                          const AnswerFailure& failure,
                          std::int64_t sequence_number) {
    std::string text = client == Dialect::responses ? "event: error\ndata: " : "data: ";
    JsonWriter out(text);
    out.open('{');
    if (client == Dialect::responses) {
        out.key("type").text("error").key("sequence_number").number(sequence_number);
        text_or_null(failure.code, out.key("code"));
        out.key("message").text(failure.message);
        text_or_null(failure.param, out.key("param"));
    }
    out.key("error");
    write_failure(failure, out);
    out.close('}');
    return text + "\n\n";
}

std::unique_ptr<StreamTranslator> make_stream_translator(Dialect from,
                                                         Dialect /*to*/,
                                                         RequestFacts facts,
                                                         AnswerIdentity identity) {
    if (from == Dialect::chat_completions)
        return make_chat_to_responses(std::move(facts), std::move(identity));
    return make_responses_to_chat(facts, std::move(identity));
}

}  // namespace handover::dialects
