#include "sandbox/codex_rules.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <string>

#include "sandbox/model.hpp"

namespace handover::sandbox {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 14> accepted = {"client_metadata",
                                                       "include",
                                                       "input",
                                                       "instructions",
                                                       "model",
                                                       "parallel_tool_calls",
                                                       "prompt_cache_key",
                                                       "reasoning",
                                                       "service_tier",
                                                       "store",
                                                       "stream",
                                                       "text",
                                                       "tool_choice",
                                                       "tools"};

bool is(const json::object& body, std::string_view name, const json::value& wanted) {
    const auto* value = body.if_contains(name);
    return value != nullptr && *value == wanted;
}

std::optional<Reply> refuse_item(const json::value& value) {
    const auto* item = value.if_object();
    if (item == nullptr) {
        return detail_error(400, "Input items must be objects");
    }
    if (is(*item, "role", "system")) {
        return detail_error(400, "System messages are not allowed");
    }
    const auto* id = item->if_contains("id");
    if (id == nullptr || !id->is_string()) {
        return std::nullopt;
    }
    return openai_error(404,
                        "invalid_request_error",
                        "",
                        "Item with id '" + std::string(id->get_string()) +
                            "' not found. Items are not persisted when `store` is set to false.");
}

std::optional<Reply> refuse_input(const json::object& body) {
    const auto* input = body.if_contains("input");
    if (input == nullptr || !input->is_array()) {
        return detail_error(400, "Input must be a list");
    }
    for (const auto& item : input->get_array()) {
        if (auto refused = refuse_item(item)) {
            return refused;
        }
    }
    return std::nullopt;
}

std::optional<Reply> refuse_fields(const json::object& body) {
    for (const auto& [name, value] : body) {
        if (std::find(accepted.begin(), accepted.end(), std::string_view(name)) == accepted.end()) {
            return detail_error(400, "Unsupported parameter: " + std::string(name));
        }
        if (name == "service_tier" && value != json::value("priority")) {
            return detail_error(400, "Unsupported service_tier: " + json::serialize(value));
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Reply> refuse_by_codex_rules(std::string_view text) {
    boost::system::error_code error;
    const auto parsed = json::parse(text, error);
    if (error || !parsed.is_object()) {
        return detail_error(400, "Bad Request");
    }
    const auto& body = parsed.get_object();
    const auto* instructions = body.if_contains("instructions");
    if (instructions == nullptr || !instructions->is_string()) {
        return detail_error(400, "Instructions are required");
    }
    if (!is(body, "store", false)) {
        return detail_error(400, "Store must be set to false");
    }
    if (!is(body, "stream", true)) {
        return detail_error(400, "Stream must be set to true");
    }
    if (auto refused = refuse_fields(body)) {
        return refused;
    }
    return refuse_input(body);
}

}  // namespace handover::sandbox
