#include "model_list/model_list.hpp"

#include <boost/json.hpp>

#include <cmath>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_set>

namespace handover::model_list {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_id = 256;          // what the ABI takes
constexpr double most_tokens = 1e12;             // more is a mistake
constexpr double latest_second = 7'258'118'400;  // the year 2200

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

std::string first_text(const json::object& object, std::initializer_list<std::string_view> names) {
    for (const auto name : names) {
        if (auto text = text_of(object, name); !text.empty()) return text;
    }
    return {};
}

// Above zero: services write 0 where they do not know.
std::optional<std::int64_t> number_of(const json::object& object,
                                      std::string_view name,
                                      double most) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const auto number = value->to_number<double>();
    if (!(number >= 1 && number <= most)) return std::nullopt;
    return static_cast<std::int64_t>(std::floor(number));
}

// OpenAI does not tell it. The codex backend and Groq say context_window, OpenRouter and Together
// context_length, vLLM max_model_len, Mistral max_context_length.
std::optional<std::int64_t> context_window_of(const json::object& object) {
    for (const std::string_view name :
         {"context_window", "context_length", "max_model_len", "max_context_length"}) {
        if (const auto number = number_of(object, name, most_tokens)) return number;
    }
    return std::nullopt;
}

sdk::Model model_of(const json::object& object) {
    sdk::Model model{.id = first_text(object, {"id", "slug"}),
                     .display_name = first_text(object, {"display_name", "name"}),
                     .owner = first_text(object, {"owned_by", "organization"}),
                     .context_window = context_window_of(object),
                     .created = number_of(object, "created", latest_second)};
    if (model.display_name == model.id) model.display_name.clear();
    return model;
}

const json::array* list_in(const json::value& answer) {
    if (const auto* bare = answer.if_array()) return bare;
    const auto* object = answer.if_object();
    if (object == nullptr) return nullptr;
    for (const std::string_view name : {"data", "models"}) {
        const auto* list = object->if_contains(name);
        if (list != nullptr && list->is_array()) return &list->get_array();
    }
    return nullptr;
}

}  // namespace

std::vector<sdk::Model> read_model_list(std::string_view body) {
    boost::system::error_code failed;
    const auto answer = json::parse(body, failed);
    if (failed) throw std::runtime_error("the answer is not JSON");
    const auto* list = list_in(answer);
    if (list == nullptr) throw std::runtime_error("the answer holds no list of models");
    std::vector<sdk::Model> models;
    std::unordered_set<std::string> seen;
    for (const auto& entry : *list) {
        const auto* object = entry.if_object();
        if (object == nullptr || text_of(*object, "visibility") == "hide") continue;
        auto model = model_of(*object);
        if (model.id.empty() || model.id.size() > longest_id) continue;
        if (seen.insert(model.id).second) models.push_back(std::move(model));
    }
    return models;
}

}  // namespace handover::model_list
