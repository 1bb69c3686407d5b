#include "sandbox/model.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include "sandbox/codex_rules.hpp"

namespace handover::sandbox {
namespace {

namespace json = boost::json;

constexpr std::array models = {"sandbox-large", "sandbox-small"};

std::int64_t unix_seconds(Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

Reply json_reply(int status, const json::value& body) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json"}},
            .body = json::serialize(body)};
}

Reply stream_reply(std::vector<std::string> events) {
    return {.headers = {{"Content-Type", "text/event-stream; charset=utf-8"},
                        {"Cache-Control", "no-cache"}},
            .streams = true,
            .events = std::move(events)};
}

std::string text_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

bool true_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && *value == json::value(true);
}

// A message's content: a text, or parts of which the texts count.
std::string content_text(const json::object& message) {
    const auto* content = message.if_contains("content");
    if (content == nullptr || !content->is_array()) {
        return text_member(message, "content");
    }
    std::string all;
    for (const auto& part : content->get_array()) {
        if (part.is_object()) {
            all += text_member(part.get_object(), "text");
        }
    }
    return all;
}

// What the user said last, in `input` or `messages`.
std::string prompt_of(const json::object& body, std::string_view member) {
    const auto* list = body.if_contains(member);
    if (list == nullptr || !list->is_array()) {
        return text_member(body, member);
    }
    std::string prompt;
    for (const auto& item : list->get_array()) {
        if (item.is_object() && text_member(item.get_object(), "role") == "user") {
            prompt = content_text(item.get_object());
        }
    }
    return prompt;
}

// A word with the white space after it, so that the pieces joined are the text again.
std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> all;
    bool in_space = true;
    for (const char c : text) {
        const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
        if (all.empty() || (in_space && !space)) {
            all.emplace_back();
        }
        all.back() += c;
        in_space = space;
    }
    return all;
}

struct Saying {
    std::string model = {};
    std::vector<std::string> pieces = {};
    std::string text = {};
    std::int64_t input_tokens = 0;
    std::int64_t output_tokens = 0;
};

Saying say(const json::object& body, std::string_view member) {
    const auto prompt = prompt_of(body, member);
    Saying saying{.model = text_member(body, "model"), .text = "You said: " + prompt};
    saying.pieces = words(saying.text);
    saying.input_tokens = static_cast<std::int64_t>(words(prompt).size());
    saying.output_tokens = static_cast<std::int64_t>(saying.pieces.size());
    return saying;
}

// The body as an object, or the refusal of what both dialects refuse.
std::optional<Reply> read_body(std::string_view text, std::string_view member, json::object& body) {
    boost::system::error_code error;
    auto parsed = json::parse(text, error);
    if (error || !parsed.is_object()) {
        return openai_error(
            400, "invalid_request_error", "", "We could not parse the JSON body of your request.");
    }
    body = std::move(parsed.get_object());
    for (const auto name : {std::string_view("model"), member}) {
        const auto* value = body.if_contains(name);
        if (value == nullptr || value->is_null()) {
            return openai_error(400,
                                "invalid_request_error",
                                "missing_required_parameter",
                                "Missing required parameter: '" + std::string(name) + "'.");
        }
    }
    return std::nullopt;
}

class ResponsesLadder {
public:
    ResponsesLadder(const Saying& saying, const ModelContext& context)
        : saying_(saying),
          context_(context),
          response_id_("resp_" + context.id),
          item_id_("msg_" + context.id) {}

    [[nodiscard]] json::object response(std::string_view status) const {
        const bool done = status == "completed";
        json::object response{{"id", response_id_},
                              {"object", "response"},
                              {"created_at", unix_seconds(context_.now)},
                              {"status", status},
                              {"error", nullptr},
                              {"incomplete_details", nullptr},
                              {"model", saying_.model},
                              {"output", json::array()},
                              {"parallel_tool_calls", true},
                              {"tool_choice", "auto"},
                              {"tools", json::array()},
                              {"usage", nullptr}};
        if (done) {
            response["usage"] = usage();
            if (!context_.empty_output) {
                response["output"] = json::array{item("completed")};
            }
        }
        return response;
    }

    std::vector<std::string> events() {
        add("response.created", {{"response", response("in_progress")}});
        add("response.in_progress", {{"response", response("in_progress")}});
        add("response.output_item.added", {{"output_index", 0}, {"item", item("in_progress")}});
        add_in_part("response.content_part.added", {{"part", part("")}});
        for (const auto& piece : saying_.pieces) {
            add_in_part("response.output_text.delta",
                        {{"delta", piece}, {"logprobs", json::array()}});
        }
        add_in_part("response.output_text.done",
                    {{"text", saying_.text}, {"logprobs", json::array()}});
        add_in_part("response.content_part.done", {{"part", part(saying_.text)}});
        add("response.output_item.done", {{"output_index", 0}, {"item", item("completed")}});
        add("response.completed", {{"response", response("completed")}});
        return std::move(events_);
    }

private:
    [[nodiscard]] json::object usage() const {
        return {{"input_tokens", saying_.input_tokens},
                {"input_tokens_details", {{"cached_tokens", 0}}},
                {"output_tokens", saying_.output_tokens},
                {"output_tokens_details", {{"reasoning_tokens", 0}}},
                {"total_tokens", saying_.input_tokens + saying_.output_tokens}};
    }

    [[nodiscard]] static json::object part(std::string_view text) {
        return {{"type", "output_text"}, {"text", text}, {"annotations", json::array()}};
    }

    [[nodiscard]] json::object item(std::string_view status) const {
        json::array content;
        if (status == "completed") {
            content.push_back(part(saying_.text));
        }
        return {{"id", item_id_},
                {"type", "message"},
                {"status", status},
                {"role", "assistant"},
                {"content", std::move(content)}};
    }

    void add(std::string_view type, json::object payload) {
        payload["type"] = type;
        payload["sequence_number"] = events_.size();
        events_.push_back(sse_event(type, json::serialize(payload)));
    }

    void add_in_part(std::string_view type, json::object payload) {
        payload["item_id"] = item_id_;
        payload["output_index"] = 0;
        payload["content_index"] = 0;
        add(type, std::move(payload));
    }

    const Saying& saying_;
    const ModelContext& context_;
    std::string response_id_;
    std::string item_id_;
    std::vector<std::string> events_;
};

json::object chat_usage(const Saying& saying) {
    return {{"prompt_tokens", saying.input_tokens},
            {"completion_tokens", saying.output_tokens},
            {"total_tokens", saying.input_tokens + saying.output_tokens}};
}

json::object chat_head(const Saying& saying, const ModelContext& context, std::string_view object) {
    return {{"id", "chatcmpl-" + context.id},
            {"object", object},
            {"created", unix_seconds(context.now)},
            {"model", saying.model}};
}

std::vector<std::string> chat_chunks(const Saying& saying,
                                     const ModelContext& context,
                                     bool include_usage) {
    std::vector<std::string> events;
    const auto add = [&](json::array choices, const json::value& usage) {
        auto chunk = chat_head(saying, context, "chat.completion.chunk");
        chunk["choices"] = std::move(choices);
        if (include_usage) {
            chunk["usage"] = usage;
        }
        events.push_back(sse_event("", json::serialize(chunk)));
    };
    const auto add_delta = [&](json::object delta, const json::value& finish_reason) {
        add({json::object{
                {"index", 0}, {"delta", std::move(delta)}, {"finish_reason", finish_reason}}},
            nullptr);
    };
    add_delta({{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}}, nullptr);
    for (const auto& piece : saying.pieces) {
        add_delta({{"content", piece}}, nullptr);
    }
    add_delta({}, "stop");
    if (include_usage) {
        add({}, chat_usage(saying));
    }
    events.push_back(sse_event("", "[DONE]"));
    return events;
}

bool wants_usage(const json::object& body) {
    const auto* options = body.if_contains("stream_options");
    return options != nullptr && options->is_object() &&
           true_member(options->get_object(), "include_usage");
}

json::object openai_list() {
    json::array all;
    for (const auto* model : models) {
        all.push_back(
            {{"id", model}, {"object", "model"}, {"created", 1767225600}, {"owned_by", "sandbox"}});
    }
    return {{"object", "list"}, {"data", std::move(all)}};
}

// With one that is not to be chosen.
json::object codex_list() {
    json::array all;
    for (const auto* model : models) {
        all.push_back({{"slug", model},
                       {"display_name", "Model " + std::string(model)},
                       {"visibility", "list"},
                       {"supported_in_api", true},
                       {"context_window", 200000}});
    }
    all.push_back({{"slug", "sandbox-hidden"}, {"visibility", "hide"}});
    return {{"models", std::move(all)}};
}

}  // namespace

Reply answer_responses(std::string_view text, const ModelContext& context) {
    if (context.backend == Backend::codex) {
        if (auto refused = refuse_by_codex_rules(text)) {
            return *refused;
        }
    }
    json::object body;
    if (auto refused = read_body(text, "input", body)) {
        return *refused;
    }
    const auto saying = say(body, "input");
    ResponsesLadder ladder(saying, context);
    if (true_member(body, "stream")) {
        return stream_reply(ladder.events());
    }
    return json_reply(200, ladder.response("completed"));
}

Reply answer_chat_completions(std::string_view text, const ModelContext& context) {
    json::object body;
    if (auto refused = read_body(text, "messages", body)) {
        return *refused;
    }
    const auto saying = say(body, "messages");
    if (true_member(body, "stream")) {
        return stream_reply(chat_chunks(saying, context, wants_usage(body)));
    }
    auto completion = chat_head(saying, context, "chat.completion");
    completion["choices"] = json::array{json::object{
        {"index", 0},
        {"message", {{"role", "assistant"}, {"content", saying.text}, {"refusal", nullptr}}},
        {"logprobs", nullptr},
        {"finish_reason", "stop"}}};
    completion["usage"] = chat_usage(saying);
    return json_reply(200, completion);
}

Reply list_models(const Request& request, Backend backend) {
    if (backend == Backend::codex && request.query.find("client_version=") == std::string::npos)
        return detail_error(400, "Field required: client_version");
    auto reply = json_reply(200, backend == Backend::codex ? codex_list() : openai_list());
    const std::string etag = backend == Backend::codex ? "\"sandbox-codex-1\"" : "\"sandbox-1\"";
    if (header(request, "if-none-match") == etag) reply = {.status = 304};
    reply.headers.emplace_back("ETag", etag);
    return reply;
}

Reply openai_error(int status,
                   std::string_view type,
                   std::string_view code,
                   std::string_view message) {
    json::object error{{"message", message}, {"type", type}, {"param", nullptr}, {"code", nullptr}};
    if (!code.empty()) {
        error["code"] = code;
    }
    return json_reply(status, {{"error", std::move(error)}});
}

Reply detail_error(int status, std::string_view detail) {
    return json_reply(status, {{"detail", detail}});
}

std::string sse_event(std::string_view name, std::string_view data) {
    std::string event;
    if (!name.empty()) {
        event.append("event: ").append(name).append("\n");
    }
    return event.append("data: ").append(data).append("\n\n");
}

}  // namespace handover::sandbox
