#include "dialects/output_items.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "dialects/usage.hpp"

namespace handover::dialects {
namespace {

std::string_view name_of(ItemStatus status) {
    if (status == ItemStatus::in_progress) return "in_progress";
    return status == ItemStatus::completed ? "completed" : "incomplete";
}

void write_parts(const OutputItem& item, JsonWriter& out) {
    out.key("content").open('[');
    for (const auto& part : item.parts) write_part(part, out);
    out.close(']');
}

bool is_id(std::string_view text) {
    // "resp_" and "chatcmpl-" before it: at most 64 characters in all.
    constexpr std::size_t most = 54;
    return !text.empty() && text.size() <= most &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
           });
}

}  // namespace

std::optional<ResponseEnd> response_end(std::string_view finish_reason) {
    if (finish_reason == "error") return std::nullopt;
    if (finish_reason == "content_filter")
        return ResponseEnd{.status = "incomplete", .reason = "content_filter"};
    constexpr std::array<std::string_view, 3> too_long = {"length", "model_length", "max_tokens"};
    if (std::find(too_long.begin(), too_long.end(), finish_reason) != too_long.end())
        return ResponseEnd{.status = "incomplete", .reason = "max_output_tokens"};
    return ResponseEnd{};
}

void add_annotation(OutputPart& part, std::string_view annotation) {
    if (annotation.empty()) return;
    if (!part.annotations.empty()) part.annotations += ',';
    part.annotations += annotation;
    ++part.annotation_count;
}

void add_logprobs(OutputPart& part, JsonView array) {
    const auto raw = array.is_array() ? array.raw() : std::string_view("[]");
    const auto inside = raw.substr(1, raw.size() - 2);
    if (inside.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
    if (!part.logprobs.empty()) part.logprobs += ',';
    part.logprobs += inside;
}

void write_part(const OutputPart& part, JsonWriter& out) {
    switch (part.kind) {
        case OutputPart::Kind::text:
            out.open('{').key("type").text("output_text").key("text").escaped(part.text);
            out.key("annotations").open('[');
            if (!part.annotations.empty()) out.raw(part.annotations);
            out.close(']').key("logprobs").open('[');
            if (!part.logprobs.empty()) out.raw(part.logprobs);
            out.close(']').close('}');
            return;
        case OutputPart::Kind::refusal:
            out.open('{').key("type").text("refusal").key("refusal").escaped(part.text).close('}');
            return;
        case OutputPart::Kind::reasoning:
            out.open('{').key("type").text("reasoning_text");
            out.key("text").escaped(part.text).close('}');
            return;
    }
}

void write_item(const OutputItem& item, JsonWriter& out) {
    const auto status = name_of(item.status);
    out.open('{').key("id").text(item.id).key("type");
    switch (item.kind) {
        case OutputItem::Kind::message:
            out.text("message").key("status").text(status);
            out.key("role").text("assistant");
            write_parts(item, out);
            break;
        case OutputItem::Kind::reasoning:
            out.text("reasoning").key("status").text(status);
            out.key("summary").open('[').close(']');
            write_parts(item, out);
            break;
        case OutputItem::Kind::function_call:
            out.text("function_call").key("status").text(status);
            out.key("call_id").text(item.call_id).key("name").escaped(item.name);
            out.key("arguments").escaped(item.arguments);
            break;
        case OutputItem::Kind::custom_call:
            out.text("custom_tool_call").key("status").text(status);
            out.key("call_id").text(item.call_id).key("name").escaped(item.name);
            out.key("input").escaped(item.arguments);
            break;
    }
    out.close('}');
}

void write_response(const ResponseObject& response, const ResponseEnd& end, JsonWriter& out) {
    out.open('{').key("id").text(response.id).key("object").text("response");
    out.key("created_at").number(response.created).key("status").text(end.status);
    out.key("error").null().key("incomplete_details");
    if (end.reason.empty())
        out.null();
    else
        out.open('{').key("reason").text(end.reason).close('}');
    out.key("model").escaped(response.model);
    if (!response.service_tier.empty()) out.key("service_tier").escaped(response.service_tier);
    out.key("output").open('[');
    for (const auto& item : response.output) write_item(item, out);
    out.close(']');
    if (!response.echo.empty()) out.raw(std::string_view(response.echo).substr(1));
    out.key("usage");
    if (response.usage)
        write_usage(Dialect::responses, *response.usage, out);
    else
        out.null();
    out.close('}');
}

std::string answer_id(Dialect client,
                      std::string_view upstream_id,
                      const AnswerIdentity& identity) {
    for (const std::string_view prefix : {"resp_", "chatcmpl-"}) {
        if (upstream_id.starts_with(prefix)) {
            upstream_id.remove_prefix(prefix.size());
            break;
        }
    }
    return std::string(client == Dialect::responses ? "resp_" : "chatcmpl-") +
           (is_id(upstream_id) ? std::string(upstream_id) : identity.seed);
}

std::string item_id(OutputItem::Kind kind, const AnswerIdentity& identity, std::size_t index) {
    constexpr std::array<std::string_view, 4> prefixes = {"msg_", "rs_", "fc_", "ctc_"};
    return std::string(prefixes.at(static_cast<std::size_t>(kind))) + identity.seed + "_" +
           std::to_string(index);
}

}  // namespace handover::dialects
