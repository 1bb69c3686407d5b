#include "dialects/response_ladder.hpp"

#include <array>
#include <utility>

namespace handover::dialects {
namespace {

// How the events of a part are called.
struct PartEvents {
    std::string_view delta;
    std::string_view done;
    std::string_view member;  // of the done event, with the whole text
};

constexpr PartEvents events_of(OutputPart::Kind kind) {
    constexpr std::array<PartEvents, 3> all = {{
        {"response.output_text.delta", "response.output_text.done", "text"},
        {"response.refusal.delta", "response.refusal.done", "refusal"},
        {"response.reasoning_text.delta", "response.reasoning_text.done", "text"},
    }};
    return all.at(static_cast<std::size_t>(kind));
}

constexpr OutputItem::Kind item_of(OutputPart::Kind kind) {
    return kind == OutputPart::Kind::reasoning ? OutputItem::Kind::reasoning
                                               : OutputItem::Kind::message;
}

}  // namespace

template <typename Write>
void ResponseLadder::event(std::string_view type, std::string& out, Write write) {
    out.append("event: ").append(type).append("\ndata: ");
    JsonWriter writer(out);
    writer.open('{').key("type").text(type).key("sequence_number").number(number_++);
    write(writer);
    writer.close('}');
    out += "\n\n";
}

void ResponseLadder::response_event(std::string_view type,
                                    const ResponseEnd& end,
                                    std::string& out) {
    event(type, out, [&](JsonWriter& writer) {
        writer.key("response");
        write_response(response_, end, writer);
    });
}

void ResponseLadder::item_event(std::string_view type, std::size_t index, std::string& out) {
    event(type, out, [&](JsonWriter& writer) {
        writer.key("output_index").number(static_cast<std::int64_t>(index)).key("item");
        write_item(response_.output[index], writer);
    });
}

void ResponseLadder::part_event(std::string_view type, std::string& out) {
    event(type, out, [&](JsonWriter& writer) {
        part_indexes(writer);
        writer.key("part");
        write_part(part(), writer);
    });
}

void ResponseLadder::indexes(std::size_t item, JsonWriter& writer) const {
    writer.key("item_id").text(response_.output[item].id);
    writer.key("output_index").number(static_cast<std::int64_t>(item));
}

void ResponseLadder::part_indexes(JsonWriter& writer) const {
    indexes(*speaking_, writer);
    const auto count = response_.output[*speaking_].parts.size();
    writer.key("content_index").number(static_cast<std::int64_t>(count) - 1);
}

void ResponseLadder::begin(ResponseObject head, std::string& out) {
    begun_ = true;
    response_ = std::move(head);
    const ResponseEnd running = {.status = "in_progress"};
    response_event("response.created", running, out);
    response_event("response.in_progress", running, out);
}

OutputItem& ResponseLadder::add_item(OutputItem::Kind kind) {
    auto& items = response_.output;
    items.push_back({.kind = kind,
                     .id = item_id(kind, identity_, items.size()),
                     .status = ItemStatus::in_progress});
    return items.back();
}

void ResponseLadder::open_part(OutputPart::Kind kind, std::string& out) {
    const bool same_item = speaking_ && response_.output[*speaking_].kind == item_of(kind);
    if (same_item) {
        if (part().kind == kind) return;
        close_part(out);
    } else {
        close_speech(ItemStatus::completed, out);
        add_item(item_of(kind));
        speaking_ = response_.output.size() - 1;
        item_event("response.output_item.added", *speaking_, out);
    }
    response_.output[*speaking_].parts.push_back({.kind = kind});
    part_event("response.content_part.added", out);
}

void ResponseLadder::say(OutputPart::Kind kind,
                         std::string_view escaped,
                         JsonView logprobs,
                         std::string& out) {
    if (escaped.empty()) return;
    open_part(kind, out);
    auto& saying = part();
    saying.text += escaped;
    const bool is_text = kind == OutputPart::Kind::text;
    if (is_text) add_logprobs(saying, logprobs);
    event(events_of(kind).delta, out, [&](JsonWriter& writer) {
        part_indexes(writer);
        writer.key("delta").escaped(escaped);
        if (is_text) writer.key("logprobs").raw(logprobs.is_array() ? logprobs.raw() : "[]");
    });
}

void ResponseLadder::annotate(std::string_view annotation, std::string& out) {
    if (annotation.empty() || !speaking_ || part().kind != OutputPart::Kind::text) return;
    auto& saying = part();
    event("response.output_text.annotation.added", out, [&](JsonWriter& writer) {
        part_indexes(writer);
        writer.key("annotation_index").number(static_cast<std::int64_t>(saying.annotation_count));
        writer.key("annotation").raw(annotation);
    });
    add_annotation(saying, annotation);
}

void ResponseLadder::close_part(std::string& out) {
    const auto& said = part();
    const auto& names = events_of(said.kind);
    event(names.done, out, [&](JsonWriter& writer) {
        part_indexes(writer);
        writer.key(names.member).escaped(said.text);
        if (said.kind != OutputPart::Kind::text) return;
        writer.key("logprobs").open('[');
        if (!said.logprobs.empty()) writer.raw(said.logprobs);
        writer.close(']');
    });
    part_event("response.content_part.done", out);
}

void ResponseLadder::close_speech(ItemStatus status, std::string& out) {
    if (!speaking_) return;
    close_part(out);
    response_.output[*speaking_].status = status;
    item_event("response.output_item.done", *speaking_, out);
    speaking_.reset();
}

void ResponseLadder::call(std::size_t slot, const ChatCall& fragment, std::string& out) {
    if (slot >= calls_.size()) calls_.resize(slot + 1);
    auto& call = calls_[slot];
    call.custom = call.custom || fragment.custom;
    if (call.id.empty()) call.id = fragment.id;
    if (call.name.empty()) call.name = fragment.name;
    if (call.item) return arguments_delta(*call.item, fragment.arguments, out);
    call.arguments += fragment.arguments;
    if (!call.name.empty()) open_call(call, out);
}

void ResponseLadder::open_call(Call& call, std::string& out) {
    close_speech(ItemStatus::completed, out);
    const auto index = response_.output.size();
    auto& item =
        add_item(call.custom ? OutputItem::Kind::custom_call : OutputItem::Kind::function_call);
    item.call_id = call_ids_.unique(call.id, identity_, index);
    item.name = call.name;
    call.item = index;
    item_event("response.output_item.added", index, out);
    arguments_delta(index, std::exchange(call.arguments, {}), out);
}

void ResponseLadder::arguments_delta(std::size_t index,
                                     std::string_view escaped,
                                     std::string& out) {
    if (escaped.empty()) return;
    auto& item = response_.output[index];
    item.arguments += escaped;
    const bool custom = item.kind == OutputItem::Kind::custom_call;
    event(
        custom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta",
        out,
        [&](JsonWriter& writer) {
            indexes(index, writer);
            writer.key("delta").escaped(escaped);
        });
}

void ResponseLadder::close_call(std::size_t index, ItemStatus status, std::string& out) {
    auto& item = response_.output[index];
    const bool custom = item.kind == OutputItem::Kind::custom_call;
    event(custom ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done",
          out,
          [&](JsonWriter& writer) {
              indexes(index, writer);
              if (!custom) writer.key("name").escaped(item.name);
              writer.key(custom ? "input" : "arguments").escaped(item.arguments);
          });
    item.status = status;
    item_event("response.output_item.done", index, out);
}

void ResponseLadder::close(const ResponseEnd& end, std::string& out) {
    // A name that never came: its arguments are not to be lost.
    for (auto& call : calls_) {
        if (!call.item) open_call(call, out);
    }
    const auto last = response_.output.size() - 1;
    for (std::size_t index = 0; index < response_.output.size(); ++index) {
        if (response_.output[index].status != ItemStatus::in_progress) continue;
        const auto status = index == last ? last_status(end) : ItemStatus::completed;
        if (speaking_ == index)
            close_speech(status, out);
        else
            close_call(index, status, out);
    }
}

void ResponseLadder::complete(const ResponseEnd& end,
                              const std::optional<Usage>& usage,
                              std::string& out) {
    close(end, out);
    response_.usage = usage;
    response_event(
        end.status == "incomplete" ? "response.incomplete" : "response.completed", end, out);
}

}  // namespace handover::dialects
