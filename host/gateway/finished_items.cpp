#include "gateway/finished_items.hpp"

#include <cstring>

#include "dialects/json_text.hpp"
#include "http/sse_decoder.hpp"

namespace handover::gateway {
namespace {

using dialects::JsonObject;
using dialects::JsonView;

constexpr std::size_t most_kept = 8U << 20U;  // bytes; of an answer beyond that nothing is put in
constexpr std::string_view finished = "response.output_item.done";

bool contains(std::string_view bytes, std::string_view name) {
    return memmem(bytes.data(), bytes.size(), name.data(), name.size()) != nullptr;
}

bool is_end(JsonView type) {
    return type.says("response.completed") || type.says("response.incomplete");
}

// The empty `output` that a response ends with; nothing of every other event.
std::string_view empty_output(std::string_view event) {
    const JsonObject object(event);
    if (!is_end(object["type"])) return {};
    const auto output = JsonObject(object["response"])["output"];
    const bool is_empty = output.is_array() && dialects::json_elements(output).empty();
    return is_empty ? output.raw() : std::string_view();
}

}  // namespace

// Nearly no piece of a stream finishes an item.
void FinishedItems::take(std::string_view events) {
    if (!contains(events, finished)) return;
    http::SseDecoder decoder;
    decoder.feed(events);
    while (const auto event = decoder.next()) {
        if (!*event) return;
        keep((*event)->data);
    }
}

void FinishedItems::keep(std::string_view event) {
    const JsonObject object(event);
    const auto item = object["item"];
    const auto index = object["output_index"].integer();
    if (!object["type"].says(finished) || !item.is_object() || !index) return;
    bytes_ += item.raw().size();
    if (bytes_ <= most_kept) items_[*index] = item.raw();
}

std::optional<std::string> FinishedItems::put_into(std::string_view events) const {
    if (items_.empty() || bytes_ > most_kept) return std::nullopt;
    http::SseDecoder decoder;
    decoder.feed(events);
    while (const auto event = decoder.next()) {
        if (!*event) break;
        const auto data = (*event)->data;
        const auto output = empty_output(data);
        // Not found where an event's data stands on several lines, as nobody writes JSON.
        const auto at = output.empty() ? std::string_view::npos : events.find(data);
        if (at == std::string_view::npos) continue;
        const auto from = at + static_cast<std::size_t>(output.data() - data.data());
        return std::string(events.substr(0, from)) + all_items() +
               std::string(events.substr(from + output.size()));
    }
    return std::nullopt;
}

std::string FinishedItems::all_items() const {
    std::string array;
    dialects::JsonWriter out(array);
    out.open('[');
    for (const auto& [index, item] : items_) out.raw(item);
    out.close(']');
    return array;
}

}  // namespace handover::gateway
