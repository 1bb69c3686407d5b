#include <boost/json.hpp>
#include <map>

#include "run/chat_calls.hpp"
#include "run/collector.hpp"
#include "run/error_event.hpp"
#include "run/raw_json.hpp"

namespace handover::run {
namespace {

namespace json = boost::json;

json::parse_options deep() {
    json::parse_options options;
    options.max_depth = most_levels;
    return options;
}

std::string string_of(const json::value* value) {
    return value != nullptr && value->is_string()
               ? std::string(std::string_view(value->get_string()))
               : std::string();
}

// Content is a string, or parts of which `text` ones count (Mistral).
std::string content_text(const json::value* content) {
    if (content == nullptr || !content->is_array()) return string_of(content);
    std::string text;
    for (const auto& part : content->get_array()) {
        if (const auto* object = part.if_object()) text += string_of(object->if_contains("text"));
    }
    return text;
}

const json::object* object_of(const json::value* value) {
    return value != nullptr ? value->if_object() : nullptr;
}

bool is_absent(const json::value* value) {
    return value == nullptr || value->is_null();
}

// One entry of `choices`, growing.
class Choice {
public:
    // Returns what it says.
    std::string take(const json::object& choice) {
        if (const auto* reason = choice.if_contains("finish_reason"); !is_absent(reason))
            finish_reason_ = *reason;
        const auto* delta = choice.if_contains("delta");
        if (delta == nullptr || !delta->is_object()) return {};
        const auto& object = delta->get_object();
        const auto content = content_text(object.if_contains("content"));
        const auto refusal = string_of(object.if_contains("refusal"));
        content_ += content;
        refusal_ += refusal;
        for (const auto* name : {"reasoning_content", "reasoning"}) {
            if (const auto thought = string_of(object.if_contains(name)); !thought.empty())
                thoughts_[name] += thought;
        }
        if (const auto* calls = object.if_contains("tool_calls");
            calls != nullptr && calls->is_array()) {
            for (const auto& call : calls->get_array()) take_call(call);
        }
        return content + refusal;
    }

    [[nodiscard]] bool finished() const { return !finish_reason_.is_null(); }

    [[nodiscard]] json::object result(std::int64_t index) const {
        json::object message = {{"role", "assistant"}};
        message["content"] =
            content_.empty() && !calls_.empty() ? json::value(nullptr) : json::value(content_);
        message["refusal"] = refusal_.empty() ? json::value(nullptr) : json::value(refusal_);
        for (const auto& [name, text] : thoughts_) message[name] = text;
        if (!calls_.empty()) {
            json::array calls;
            for (const auto& [at, call] : calls_) calls.push_back(call.result());
            message["tool_calls"] = std::move(calls);
        }
        return {{"index", index},
                {"message", std::move(message)},
                {"finish_reason", finish_reason_},
                {"logprobs", nullptr}};
    }

private:
    // A tool call, growing. A custom tool gets an input of its own form, a function its arguments.
    struct Call {
        bool custom = false;
        std::string id = {};
        std::string name = {};
        std::string given = {};

        [[nodiscard]] json::object result() const {
            const auto* kind = custom ? "custom" : "function";
            return {{"id", id},
                    {"type", kind},
                    {kind, {{"name", name}, {custom ? "input" : "arguments", given}}}};
        }
    };

    // The opener carries id and name, later fragments only the index and a piece of what is given.
    void take_call(const json::value& fragment) {
        const auto* object = fragment.if_object();
        if (object == nullptr) return;
        const auto* own = object_of(object->if_contains("custom"));
        const auto* function = object_of(object->if_contains("function"));
        const bool custom = own != nullptr || string_of(object->if_contains("type")) == "custom";
        const json::object nothing;
        const auto* speaks = custom ? own : function;
        const auto& said = speaks != nullptr ? *speaks : nothing;
        const auto id = string_of(object->if_contains("id"));
        const auto name = string_of(said.if_contains("name"));
        CallFragment of = {.id = id, .name = name};
        const auto* index = object->if_contains("index");
        if (index != nullptr && index->is_int64()) of.index = index->get_int64();
        auto& call = calls_[slots_.slot_of(of)];
        call.custom = call.custom || custom;
        if (!id.empty()) call.id = id;
        if (!name.empty()) call.name = name;
        call.given += string_of(said.if_contains(custom ? "input" : "arguments"));
    }

    std::string content_ = {};
    std::string refusal_ = {};
    std::map<const char*, std::string> thoughts_ = {};
    CallSlots slots_ = {};
    std::map<std::size_t, Call> calls_ = {};
    json::value finish_reason_ = nullptr;
};

class ChatCollector : public Collector {
public:
    Step take(const http::SseEvent& event) override {
        if (event.data.starts_with("[DONE]")) {
            done_ = true;
            return {.ended = true};
        }
        if (is_error_event(event.type, event.data)) return {.failure = std::string(event.data)};
        boost::system::error_code bad;
        const auto value =
            json::parse(json::string_view(event.data.data(), event.data.size()), bad, {}, deep());
        if (bad || !value.is_object()) return {};
        const auto& chunk = value.get_object();
        keep_envelope(chunk);
        return {.text = take_choices(chunk)};
    }

    // A server may close after the finish reason without [DONE].
    [[nodiscard]] std::optional<std::string> result() const override {
        const bool finished = !choices_.empty() && choices_.begin()->second.finished();
        if (!finished && !(done_ && !choices_.empty())) return std::nullopt;
        auto object = envelope_;
        json::array all;
        for (const auto& [index, choice] : choices_) all.push_back(choice.result(index));
        object["choices"] = std::move(all);
        if (!usage_.is_null()) object["usage"] = usage_;
        return json::serialize(object);
    }

private:
    void keep_envelope(const json::object& chunk) {
        if (envelope_.empty()) {
            envelope_ = {{"id", nullptr},
                         {"object", "chat.completion"},
                         {"created", nullptr},
                         {"model", nullptr}};
        }
        for (const auto* name : {"id", "created", "model", "system_fingerprint", "service_tier"}) {
            const auto* value = chunk.if_contains(name);
            if (!is_absent(value)) envelope_[name] = *value;
        }
        if (const auto* usage = chunk.if_contains("usage"); !is_absent(usage)) usage_ = *usage;
    }

    std::string take_choices(const json::object& chunk) {
        const auto* choices = chunk.if_contains("choices");
        if (choices == nullptr || !choices->is_array()) return {};
        std::string text;
        for (const auto& choice : choices->get_array()) {
            const auto* object = choice.if_object();
            if (object == nullptr) continue;
            const auto* index = object->if_contains("index");
            const auto at = index != nullptr && index->is_int64() ? index->get_int64() : 0;
            const auto said = choices_[at].take(*object);
            if (at == 0) text += said;
        }
        return text;
    }

    bool done_ = false;
    json::object envelope_ = {};
    json::value usage_ = nullptr;
    std::map<std::int64_t, Choice> choices_ = {};
};

}  // namespace

std::unique_ptr<Collector> make_chat_collector() {
    return std::make_unique<ChatCollector>();
}

std::unique_ptr<Collector> make_collector(std::string_view dialect) {
    return dialect == "responses" ? make_response_collector() : make_chat_collector();
}

std::string completion_text(std::string_view completion) {
    boost::system::error_code bad;
    const auto value =
        json::parse(json::string_view(completion.data(), completion.size()), bad, {}, deep());
    if (bad) return {};
    boost::system::error_code none;
    const auto* message = value.find_pointer("/choices/0/message", none);
    if (message == nullptr || !message->is_object()) return {};
    return content_text(message->get_object().if_contains("content")) +
           string_of(message->get_object().if_contains("refusal"));
}

std::string answer_text(std::string_view dialect, std::string_view answer) {
    return dialect == "responses" ? response_text(answer) : completion_text(answer);
}

}  // namespace handover::run
