#include "run/delta_items.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace handover::run {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) {
    return {text.data(), text.size()};
}

std::string_view text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(view(name));
    return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                  : std::string_view();
}

std::int64_t number_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(view(name));
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

// The member that holds what a call of a tool is given; empty: the item is no such call.
std::string_view given_member(std::string_view item_type) {
    if (item_type == "function_call") return "arguments";
    return item_type == "custom_tool_call" ? "input" : std::string_view();
}

}  // namespace

// What an event's name says (OpenAI's Responses API, "Streaming events"): the name ends in
// ".delta", or in ".done" where the event repeats the whole text.
struct DeltaItems::Told {
    std::string_view event;
    std::string_view item_type;
    std::string_view list;       // the item's member that lists such parts; empty: a call's input
    std::string_view index;      // names the place in that list
    std::string_view part_type;  // in the list
    std::string_view member;     // which holds the whole text, in the part and in the ".done" event
};

const DeltaItems::Told* DeltaItems::told_by(std::string_view type) {
    static constexpr std::array<Told, 6> all = {{
        {"response.output_text", "message", "content", "content_index", "output_text", "text"},
        {"response.refusal", "message", "content", "content_index", "refusal", "refusal"},
        {"response.reasoning_summary_text",
         "reasoning",
         "summary",
         "summary_index",
         "summary_text",
         "text"},
        {"response.reasoning_text",
         "reasoning",
         "content",
         "content_index",
         "reasoning_text",
         "text"},
        {"response.function_call_arguments", "function_call", "", "", "", "arguments"},
        {"response.custom_tool_call_input", "custom_tool_call", "", "", "", "input"},
    }};
    const auto* const found =
        std::find_if(all.begin(), all.end(), [&](const Told& told) { return told.event == type; });
    return found == all.end() ? nullptr : found;
}

void DeltaItems::add(const json::object& event) {
    const auto* value = event.if_contains("item");
    const auto* added = value == nullptr ? nullptr : value->if_object();
    if (added == nullptr) return;
    const auto type = text_of(*added, "type");
    for (const std::string_view known :
         {"message", "reasoning", "function_call", "custom_tool_call"}) {
        if (type != known) continue;
        items_[number_of(event, "output_index")] = {
            .type = known,
            .added = *added,
            .given = std::string(text_of(*added, given_member(known)))};
    }
}

void DeltaItems::take(std::string_view type, const json::object& event) {
    if (type == "response.output_item.added") return add(event);
    const auto dot = type.rfind('.');
    if (dot == std::string_view::npos) return;
    const auto* told = told_by(type.substr(0, dot));
    const bool whole = type.substr(dot) == ".done";
    if (told == nullptr || (!whole && type.substr(dot) != ".delta")) return;

    auto& item = items_[number_of(event, "output_index")];
    if (item.type.empty()) item.type = told->item_type;
    if (item.type != told->item_type) return;  // an item is of one kind
    auto* text = &item.given;
    if (!told->list.empty()) {
        auto& part = item.parts[{told->list, number_of(event, told->index)}];
        part.type = told->part_type;
        part.member = told->member;
        text = &part.text;
    }
    if (!whole) {
        *text += text_of(event, "delta");
    } else if (const auto all = text_of(event, told->member); !all.empty()) {
        *text = all;
    }
}

// A call that has no name cannot be made.
bool DeltaItems::says_something(const Item& item) {
    if (!given_member(item.type).empty()) return !text_of(item.added, "name").empty();
    return std::any_of(item.parts.begin(), item.parts.end(), [](const auto& entry) {
        return !entry.second.text.empty();
    });
}

std::string DeltaItems::written(const Item& item, std::string_view status) {
    auto object = item.added;
    object["type"] = view(item.type);
    object["status"] = view(status);
    if (item.type == "message") object["role"] = "assistant";
    if (const auto given = given_member(item.type); !given.empty())
        object[view(given)] = item.given;
    if (item.type == "reasoning") object["summary"] = json::array();
    for (const auto& [at, part] : item.parts) object[view(at.first)] = json::array();
    for (const auto& [at, part] : item.parts) {
        json::object written = {{"type", view(part.type)}, {view(part.member), part.text}};
        if (part.type == "output_text") written["annotations"] = json::array();
        object[view(at.first)].as_array().push_back(std::move(written));
    }
    return json::serialize(object);
}

std::map<std::int64_t, std::string> DeltaItems::items(std::string_view status) const {
    std::map<std::int64_t, std::string> all;
    for (const auto& [index, item] : items_) {
        if (says_something(item)) all[index] = written(item, status);
    }
    return all;
}

}  // namespace handover::run
