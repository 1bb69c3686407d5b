#include "codex/request_body.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace handover::codex {
namespace {

namespace json = boost::json;
using sdk::Refused;

// Fields that go on as they are, in the order the body is written. The others have rules of their
// own below.
constexpr std::array<std::string_view, 4> before_store = {
    "tools", "tool_choice", "parallel_tool_calls", "reasoning"};
constexpr std::array<std::string_view, 2> after_stream = {"text", "client_metadata"};

// What these ask for happens in a store or a queue that the backend does not have.
constexpr std::array<std::string_view, 3> unservable = {
    "previous_response_id", "conversation", "prompt"};

// As deep as the host lets a request be.
constexpr std::size_t most_levels = 128;

const json::value* member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

bool is(const json::object& object, std::string_view name, std::string_view text) {
    const auto* value = member(object, name);
    return value != nullptr && value->is_string() && std::string_view(value->get_string()) == text;
}

std::optional<Refused> refuse_unservable(const json::object& body) {
    for (const auto name : unservable) {
        if (member(body, name) != nullptr) {
            return Refused{"the codex backend keeps no responses, so \"" + std::string(name) +
                           R"(" cannot be served; send the whole conversation in "input")"};
        }
    }
    const auto* background = member(body, "background");
    if (background != nullptr && *background == json::value(true)) {
        return Refused{"the codex backend does not run responses in the background"};
    }
    return std::nullopt;
}

// An unstored reasoning item means something only with its content.
bool is_kept(const json::object& item) {
    return !is(item, "type", "reasoning") || member(item, "encrypted_content") != nullptr;
}

void shape_item(json::object& item) {
    item.stable_erase("id");
    if (is(item, "role", "system")) item["role"] = "developer";
}

json::array user_message(const json::string& text) {
    return {json::object{
        {"type", "message"},
        {"role", "user"},
        {"content", json::array{json::object{{"type", "input_text"}, {"text", text}}}}}};
}

// It may stand for a message or a call: without it the model would answer another conversation.
Refused refused_reference() {
    return Refused{
        "the codex backend keeps no items, so an \"item_reference\" in \"input\" cannot be served; "
        "send the item itself (clients that refer to stored items do so no more once they are told "
        "\"store\": false)"};
}

// Takes the items out of the body.
std::variant<json::array, Refused> shape_input(json::object& body) {
    auto* input = body.if_contains("input");
    if (input != nullptr && input->is_string()) return user_message(input->get_string());
    if (input == nullptr || !input->is_array()) {
        return Refused{"\"input\" must be a text or a list of items"};
    }
    json::array items(input->storage());
    items.reserve(input->get_array().size());
    for (auto& value : input->get_array()) {
        auto* item = value.if_object();
        if (item == nullptr) return Refused{"every item of \"input\" must be an object"};
        if (is(*item, "type", "item_reference")) return refused_reference();
        if (!is_kept(*item)) continue;
        shape_item(*item);
        items.push_back(std::move(value));
    }
    return items;
}

bool has_tools(const json::array& items) {
    return std::any_of(items.begin(), items.end(), [](const json::value& item) {
        return is(item.get_object(), "type", "additional_tools");
    });
}

json::value instructions_of(const json::object& body) {
    const auto* instructions = member(body, "instructions");
    return instructions != nullptr && instructions->is_string() ? *instructions : json::value("");
}

template <std::size_t N>
void copy(const std::array<std::string_view, N>& names,
          const json::object& from,
          json::object& to) {
    for (const auto name : names) {
        if (const auto* value = member(from, name)) to[name] = *value;
    }
}

json::value cache_key(const json::object& body, std::string_view session) {
    const auto* key = member(body, "prompt_cache_key");
    if (key != nullptr) return *key;
    return session.empty() ? json::value() : json::value(json::string(session));
}

}  // namespace

std::variant<ShapedBody, Refused> shape_body(std::string_view text,
                                             std::string_view model,
                                             std::string_view session) {
    boost::system::error_code failed;
    json::parse_options limits;
    limits.max_depth = most_levels;
    json::monotonic_resource memory;  // of all values below: a body can have very many
    auto parsed = json::parse(text, failed, &memory, limits);
    if (failed || !parsed.is_object()) return Refused{"the request is no JSON object"};
    auto& body = parsed.get_object();
    if (auto refused = refuse_unservable(body)) return *std::move(refused);
    auto input = shape_input(body);
    if (auto* refused = std::get_if<Refused>(&input)) return std::move(*refused);

    json::object shaped(&memory);
    shaped["model"] = json::string(model);
    shaped["instructions"] = instructions_of(body);
    const bool lite = has_tools(std::get<json::array>(input));
    shaped.emplace("input", std::get<json::array>(std::move(input)));
    copy(before_store, body, shaped);
    shaped["store"] = false;
    shaped["stream"] = true;
    // Without it a reasoning item could not be sent back in the next turn.
    shaped["include"] = json::array{"reasoning.encrypted_content"};
    if (is(body, "service_tier", "priority")) shaped["service_tier"] = "priority";
    if (auto key = cache_key(body, session); !key.is_null()) shaped["prompt_cache_key"] = key;
    copy(after_stream, body, shaped);
    return ShapedBody{.text = json::serialize(shaped), .lite = lite};
}

}  // namespace handover::codex
