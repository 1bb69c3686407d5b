// A Responses stream as chat chunks.
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "dialects/failure.hpp"
#include "dialects/item_speech.hpp"
#include "dialects/output_items.hpp"
#include "dialects/stream_state.hpp"
#include "dialects/usage.hpp"

namespace handover::dialects {
namespace {

class ResponsesToChat : public StreamState {
public:
    ResponsesToChat(const RequestFacts& facts, AnswerIdentity identity)
        : StreamState(Dialect::chat_completions),
          include_usage_(facts.include_usage),
          identity_(std::move(identity)) {}

    void take(const http::SseEvent& event, std::string& out) override {
        if (ended()) return;
        JsonObject data;
        const auto read = read_event(event, data);
        if (read == EventData::nothing) return;
        if (read == EventData::unreadable)
            return fail({.message = "the provider sent an event that is not valid JSON"}, out);
        const auto name = data["type"];
        const auto type = name.is_string() ? name.escaped() : event.type;
        for (const auto& [handled, handle] : handlers()) {
            if (handled == type) return (this->*handle)(data, out);
        }
        if (const auto failure = failure_in(data, type)) fail(*failure, out);
    }

    void finish(std::string& out) override {
        if (!ended()) broken_off(out);
    }

private:
    // What has been said of an item so far, by its output_index.
    struct Item {
        bool spoke = false;
        std::optional<std::size_t> call = {};  // its index among the calls
        bool has_arguments = false;
    };

    struct Handler {
        std::string_view type;
        void (ResponsesToChat::*handle)(const JsonObject&, std::string&);
    };
    // In the order of their frequency.
    static const std::array<Handler, 15>& handlers() {
        static constexpr std::array<Handler, 15> all = {{
            {"response.output_text.delta", &ResponsesToChat::text_delta},
            {"response.function_call_arguments.delta", &ResponsesToChat::arguments_delta},
            {"response.custom_tool_call_input.delta", &ResponsesToChat::arguments_delta},
            {"response.reasoning_summary_text.delta", &ResponsesToChat::thought_delta},
            {"response.reasoning_text.delta", &ResponsesToChat::thought_delta},
            {"response.refusal.delta", &ResponsesToChat::refusal_delta},
            {"response.created", &ResponsesToChat::created},
            {"response.queued", &ResponsesToChat::created},
            {"response.in_progress", &ResponsesToChat::created},
            {"response.output_item.added", &ResponsesToChat::item_added},
            {"response.output_item.done", &ResponsesToChat::item_done},
            {"response.reasoning_summary_part.added", &ResponsesToChat::summary_part},
            {"response.output_text.annotation.added", &ResponsesToChat::annotation},
            {"response.completed", &ResponsesToChat::completed},
            {"response.incomplete", &ResponsesToChat::completed},
        }};
        return all;
    }

    void created(const JsonObject& data, std::string& out) {
        if (head_.empty()) begin(JsonObject(data["response"]), out);
    }

    void begin(const JsonObject& response, std::string& out) {
        head_ = "data: ";
        JsonWriter head(head_);
        head.open('{').key("id");
        head.text(answer_id(Dialect::chat_completions, response["id"].text(), identity_));
        head.key("object").text("chat.completion.chunk");
        head.key("created").number(seconds(response["created_at"], identity_.created));
        head.key("model").escaped(response["model"].escaped());
        const auto tier = response["service_tier"];
        // Until the end it says what was asked for, perhaps "auto".
        if (tier && !tier.says("auto")) head.member("service_tier", tier);
        chunk(out, [](JsonWriter& delta) {
            delta.key("role").text("assistant").key("content").text("").key("refusal").null();
        });
    }

    // A chunk with one choice, whose delta `write` fills.
    template <typename Write>
    void chunk(std::string& out, Write write, std::string_view after_delta = {}) {
        out += head_;
        out += R"(,"choices":[{"index":0,"delta":{)";
        JsonWriter delta(out);
        write(delta);
        out += '}';
        out += after_delta.empty() ? R"(,"logprobs":null,"finish_reason":null)" : after_delta;
        out += include_usage_ ? R"(}],"usage":null})" : "}]}";
        out += "\n\n";
    }

    void begin_if_needed(std::string& out) {
        if (head_.empty()) begin(JsonObject(), out);
    }

    Item& item_of(const JsonObject& data) { return items_[index_of(data)]; }
    static std::int64_t index_of(const JsonObject& data) {
        return data["output_index"].integer().value_or(0);
    }

    void text_delta(const JsonObject& data, std::string& out) {
        const auto delta = data["delta"].escaped();
        if (delta.empty()) return;
        begin_if_needed(out);
        say(data, delta, data["logprobs"], out);
    }

    // A comment and the answer are items of their own; in one message a line apart.
    void say(const JsonObject& data,
             std::string_view escaped,
             JsonView logprobs,
             std::string& out) {
        const auto index = index_of(data);
        const bool next_item = said_in_ && *said_in_ != index;
        said_in_ = index;
        items_[index].spoke = true;
        std::string after;
        if (logprobs.is_array() && !json_elements(logprobs).empty()) {
            JsonWriter writer(after);
            after = R"(,"logprobs":{"content":)";
            writer.raw(logprobs.raw()).key("refusal").null().close('}');
            after += R"(,"finish_reason":null)";
        }
        chunk(
            out,
            [&](JsonWriter& delta) {
                delta.key("content");
                if (next_item)
                    delta.escaped("\\n" + std::string(escaped));
                else
                    delta.escaped(escaped);
            },
            after);
    }

    void refusal_delta(const JsonObject& data, std::string& out) {
        item_of(data).spoke = true;
        one_text("refusal", data["delta"].escaped(), out);
    }

    void thought_delta(const JsonObject& data, std::string& out) {
        item_of(data).spoke = true;
        one_text("reasoning_content", data["delta"].escaped(), out);
    }

    void summary_part(const JsonObject& data, std::string& out) {
        if (data["summary_index"].integer().value_or(0) > 0)
            one_text("reasoning_content", "\\n\\n", out);
    }

    void one_text(std::string_view name, std::string_view escaped, std::string& out) {
        if (escaped.empty()) return;
        begin_if_needed(out);
        chunk(out, [&](JsonWriter& delta) { delta.key(name).escaped(escaped); });
    }

    void annotation(const JsonObject& data, std::string& out) {
        const auto citation = chat_annotation(data["annotation"]);
        if (!citation.empty()) citations(citation, out);
    }

    void citations(std::string_view list, std::string& out) {
        begin_if_needed(out);
        chunk(out,
              [&](JsonWriter& delta) { delta.key("annotations").open('[').raw(list).close(']'); });
    }

    void item_added(const JsonObject& data, std::string& out) {
        const JsonObject item(data["item"]);
        if (!is_call(item)) return;
        auto& state = item_of(data);
        if (!state.call) open_call(item, "", state, out);
    }

    void open_call(const JsonObject& item,
                   std::string_view arguments,
                   Item& state,
                   std::string& out) {
        begin_if_needed(out);
        state.call = calls_++;
        state.has_arguments = !arguments.empty();
        chunk(out, [&](JsonWriter& delta) {
            delta.key("tool_calls").open('[').open('{');
            delta.key("index").number(static_cast<std::int64_t>(*state.call));
            write_chat_call(item, arguments, delta);
            delta.close('}').close(']');
        });
    }

    void arguments_delta(const JsonObject& data, std::string& out) {
        auto& state = item_of(data);
        if (!state.call) return;  // without an opener; item.done has all of it
        const auto type = data["type"].escaped();
        more_arguments(type.starts_with("response.custom"), data["delta"].escaped(), state, out);
    }

    void more_arguments(bool custom, std::string_view escaped, Item& state, std::string& out) {
        if (escaped.empty()) return;
        state.has_arguments = true;
        chunk(out, [&](JsonWriter& delta) {
            delta.key("tool_calls").open('[').open('{');
            delta.key("index").number(static_cast<std::int64_t>(*state.call));
            delta.key(custom ? "custom" : "function").open('{');
            delta.key(custom ? "input" : "arguments").escaped(escaped);
            delta.close('}').close('}').close(']');
        });
    }

    void item_done(const JsonObject& data, std::string& out) {
        whole_item(data, JsonObject(data["item"]), out);
    }

    // What no delta has said: some servers send none.
    void whole_item(const JsonObject& place, const JsonObject& item, std::string& out) {
        auto& state = item_of(place);
        if (is_call(item)) return whole_call(item, state, out);
        if (std::exchange(state.spoke, true)) return;
        const auto speech = read_item(item);
        one_text("reasoning_content", speech.thoughts, out);
        one_text("refusal", speech.refusal, out);
        if (speech.text.empty()) return;
        begin_if_needed(out);
        say(place, speech.text, JsonView("[" + speech.logprobs + "]"), out);
        if (!speech.annotations.empty()) citations(speech.annotations, out);
    }

    void whole_call(const JsonObject& item, Item& state, std::string& out) {
        const bool custom = item["type"].says("custom_tool_call");
        const auto arguments = item[custom ? "input" : "arguments"].escaped();
        if (!state.call) return open_call(item, arguments, state, out);
        if (!state.has_arguments) more_arguments(custom, arguments, state, out);
    }

    void completed(const JsonObject& data, std::string& out) {
        const JsonObject response(data["response"]);
        if (head_.empty()) begin(response, out);
        if (!said_anything()) all_of(response, out);
        const auto reason = finish_reason(response, calls_ != 0);
        if (reason.empty()) return broken_off(out);
        count(read_usage(Dialect::responses, response["usage"]));
        std::string after = R"(,"logprobs":null,"finish_reason":")";
        after.append(reason).append("\"");
        chunk(
            out, [](JsonWriter&) {}, after);
        if (include_usage_) usage_chunk(out);
        out += "data: [DONE]\n\n";
        end();
    }

    [[nodiscard]] bool said_anything() const {
        return calls_ != 0 || std::any_of(items_.begin(), items_.end(), [](const auto& item) {
                   return item.second.spoke;
               });
    }

    // A server that sends nothing but the final object.
    void all_of(const JsonObject& response, std::string& out) {
        std::int64_t index = 0;
        for (const auto value : json_elements(response["output"])) {
            const auto place = R"({"output_index":)" + std::to_string(index++) + "}";
            whole_item(JsonObject(std::string_view(place)), JsonObject(value), out);
        }
    }

    void usage_chunk(std::string& out) {
        out += head_;
        JsonWriter writer(out);
        writer.key("choices").open('[').close(']').key("usage");
        write_usage(Dialect::chat_completions, usage().value_or(Usage()), writer);
        writer.close('}');
        out += "\n\n";
    }

    bool include_usage_;
    AnswerIdentity identity_;
    std::string head_ = {};  // what every chunk begins with; empty before the first
    std::map<std::int64_t, Item> items_ = {};
    std::optional<std::int64_t> said_in_ = {};  // output_index of the last text
    std::size_t calls_ = 0;
};

}  // namespace

std::unique_ptr<StreamTranslator> make_responses_to_chat(const RequestFacts& facts,
                                                         AnswerIdentity identity) {
    return std::make_unique<ResponsesToChat>(facts, std::move(identity));
}

}  // namespace handover::dialects
