#include <boost/json.hpp>
#include <map>

#include "run/collector.hpp"
#include "run/delta_items.hpp"
#include "run/error_event.hpp"
#include "run/raw_json.hpp"

namespace handover::run {
namespace {

namespace json = boost::json;

std::optional<json::object> parse_object(std::string_view text) {
    boost::system::error_code bad;
    json::parse_options deep;
    deep.max_depth = most_levels;
    auto value = json::parse(json::string_view(text.data(), text.size()), bad, {}, deep);
    if (bad || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

std::string string_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
    return value != nullptr && value->is_string()
               ? std::string(std::string_view(value->get_string()))
               : std::string();
}

std::int64_t index_of(const json::object& object) {
    const auto* value = object.if_contains("output_index");
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::string part_text(const json::value& part) {
    const auto* object = part.if_object();
    if (object == nullptr) return {};
    const auto type = string_of(*object, "type");
    if (type == "output_text") return string_of(*object, "text");
    return type == "refusal" ? string_of(*object, "refusal") : std::string();
}

std::string item_text(const json::value& item) {
    const auto* object = item.if_object();
    const auto* content = object == nullptr ? nullptr : object->if_contains("content");
    if (content == nullptr || !content->is_array() || string_of(*object, "type") != "message")
        return {};
    std::string text;
    for (const auto& part : content->get_array()) text += part_text(part);
    return text;
}

bool is_terminal(std::string_view type) {
    return type == "response.completed" || type == "response.incomplete";
}

class ResponseCollector : public Collector {
public:
    Step take(const http::SseEvent& event) override {
        if (final_) return {.ended = true};
        const auto data = parse_object(event.data);
        if (!data) return {};  // unparseable events are skipped, as codex does
        const auto type = event.type.empty() ? string_of(*data, "type") : std::string(event.type);
        if (is_error_event(type, event.data)) return {.failure = std::string(event.data)};
        if (type == "response.output_item.done") return keep_item(*data, event.data);
        if (is_terminal(type)) return finish(type, event.data);
        told_.take(type, *data);
        if (type == "response.output_text.delta" || type == "response.refusal.delta")
            return say(*data);
        return {};
    }

    [[nodiscard]] std::optional<std::string> result() const override { return final_; }

private:
    Step say(const json::object& data) {
        auto text = string_of(data, "delta");
        if (text.empty()) return {};
        // A comment and the answer are items of their own.
        const auto index = index_of(data);
        if (said_in_ && *said_in_ != index) text.insert(text.begin(), '\n');
        said_in_ = index;
        return {.text = std::move(text)};
    }

    Step keep_item(const json::object& data, std::string_view raw) {
        const auto item = raw_member(raw, "item");
        if (!item) return {};
        items_[index_of(data)] = std::string(*item);
        told_.forget(index_of(data));
        return {};
    }

    // The `output` of the final object can be empty (facts: the codex backend); it is then made of
    // the finished items, and of what deltas said of those that were never finished.
    Step finish(std::string_view type, std::string_view raw) {
        const auto response = raw_member(raw, "response");
        if (!response) return {};
        final_ = std::string(*response);
        const auto output = raw_member(*response, "output");
        const bool is_empty = !output ||
                              output->find_first_not_of("[] \t\r\n") == std::string_view::npos ||
                              *output == "null";
        if (is_empty) {
            items_.merge(told_.items(type.substr(type.rfind('.') + 1)));
            if (!items_.empty()) final_ = with_raw_member(*response, "output", all_items());
        }
        Step step = {.ended = true};
        if (!said_in_) step.text = response_text(*final_);  // a server that sends no deltas
        return step;
    }

    [[nodiscard]] std::string all_items() const {
        std::string array = "[";
        for (const auto& [index, item] : items_) {
            if (array.size() > 1) array += ',';
            array += item;
        }
        return array + ']';
    }

    std::optional<std::int64_t> said_in_ = {};        // output_index of the last delta
    std::map<std::int64_t, std::string> items_ = {};  // the finished ones
    DeltaItems told_ = {};                            // the others
    std::optional<std::string> final_ = {};
};

}  // namespace

std::unique_ptr<Collector> make_response_collector() {
    return std::make_unique<ResponseCollector>();
}

std::string response_text(std::string_view response) {
    const auto object = parse_object(response);
    const auto* output = object ? object->if_contains("output") : nullptr;
    if (output == nullptr || !output->is_array()) return {};
    std::string text;
    for (const auto& item : output->get_array()) {
        const auto more = item_text(item);
        if (!text.empty() && !more.empty()) text += '\n';
        text += more;
    }
    return text;
}

}  // namespace handover::run
