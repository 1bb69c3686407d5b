// A Responses request as a chat one.
#include <algorithm>
#include <array>

#include "dialects/request_fields.hpp"
#include "dialects/request_members.hpp"
#include "dialects/request_writers.hpp"
#include "dialects/tool_choice.hpp"
#include "dialects/tools.hpp"

namespace handover::dialects {
namespace {

// The same name and meaning in both.
constexpr std::array<std::string_view, 11> shared = {"temperature",
                                                     "top_p",
                                                     "metadata",
                                                     "service_tier",
                                                     "store",
                                                     "user",
                                                     "safety_identifier",
                                                     "moderation",
                                                     "prompt_cache_key",
                                                     "prompt_cache_options",
                                                     "prompt_cache_retention"};

// Taken into account below, each in its own way.
constexpr std::array<std::string_view, 13> handled = {"model",
                                                      "instructions",
                                                      "input",
                                                      "tools",
                                                      "tool_choice",
                                                      "parallel_tool_calls",
                                                      "text",
                                                      "reasoning",
                                                      "max_output_tokens",
                                                      "top_logprobs",
                                                      "include",
                                                      "stream",
                                                      "stream_options"};

// Of the client's own concern: no answer depends on it.
constexpr std::array<std::string_view, 1> without_effect = {"client_metadata"};

constexpr std::string_view keeps_nothing =
    "needs stored responses, and this provider keeps none; send the whole conversation in "
    "\"input\"";
constexpr std::array<Unmapped, 7> unmapped = {{
    {"previous_response_id", "", keeps_nothing},
    {"conversation", "", keeps_nothing},
    {"prompt", "", "names a stored prompt, and this provider keeps none"},
    {"background", "false", "cannot be served: this provider answers while the client waits"},
    {"truncation",
     R"("disabled")",
     "cannot be left to this provider's chat API; shorten the input"},
    {"max_tool_calls", "", "has no counterpart in the chat API of this provider"},
    {"context_management", "[]", "has no counterpart in the chat API of this provider"},
}};

// What a response object repeats, with the value where nothing was said.
struct Echoed {
    std::string_view name;
    std::string_view absent;
};
constexpr std::array<Echoed, 16> echoed = {{
    {"instructions", "null"},
    {"max_output_tokens", "null"},
    {"metadata", "{}"},
    {"parallel_tool_calls", "true"},
    {"previous_response_id", "null"},
    {"prompt_cache_key", ""},
    {"reasoning", R"({"effort":null,"summary":null})"},
    {"safety_identifier", ""},
    {"store", "false"},
    {"temperature", "null"},
    {"text", R"({"format":{"type":"text"}})"},
    {"tool_choice", R"("auto")"},
    {"tools", "[]"},
    {"top_p", "null"},
    {"truncation", R"("disabled")"},
    {"user", ""},
}};

bool is_among(std::string_view name, const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class ResponsesRequest {
public:
    ResponsesRequest(const JsonObject& request,
                     const config::Compatibility& upstream,
                     RequestNotes& notes)
        : request_(request),
          upstream_(upstream),
          notes_(notes),
          fields_(request, upstream, notes) {}

    TranslatedRequest run() {
        check_names();
        TranslatedRequest translated;
        JsonWriter out(translated.body);
        out.open('{');
        fields_.write_model(out);
        write_messages(request_["instructions"], request_["input"], upstream_, out, notes_);
        tools(out);
        text(out);
        reasoning(out);
        length(out);
        for (const auto name : shared) out.member(name, fields_.get(name));
        logprobs(out);
        stream(out);
        out.close('}');
        translated.facts.streams = request_["stream"].is_true();
        translated.facts.echo = echo();
        return translated;
    }

private:
    void check_names() {
        for (const auto& member : request_.members()) {
            if (is_among(member.name, handled) || is_among(member.name, shared)) continue;
            if (is_among(member.name, without_effect) || is_dropped(upstream_, member.name)) {
                notes_.drop(Path(member.name));
            } else {
                fields_.refuse_unmapped(member, unmapped, "a Responses request");
            }
        }
    }

    void tools(JsonWriter& out) {
        const auto written = write_chat_tools(fields_.get("tools"), upstream_, out, notes_);
        const auto choice = fields_.get("tool_choice");
        const auto parallel = fields_.boolean("parallel_tool_calls");
        if (written.any) {
            write_chat_tool_choice(choice, upstream_, out, notes_);
            out.member("parallel_tool_calls", parallel);
        } else {
            choice_without_tools(choice);
        }
        // One that is not to be called is not mentioned: chat has no other word for it.
        if (!written.web_search.empty() && !choice.says("none"))
            out.key("web_search_options").raw(written.web_search);
    }

    // Where there are no tools a chat API refuses to be told how to use them.
    void choice_without_tools(JsonView choice) {
        const Path at("tool_choice");
        if (!choice || choice.says("auto") || choice.says("none")) return;
        if (is_dropped(upstream_, "tools")) return notes_.drop(at);
        if (!choice.is_string() && !choice.is_object())
            return notes_.wrong_type(at, "a string or an object");
        notes_.refuse(
            at, "unsupported_value", "asks for a tool, and a chat service would have none");
    }

    void text(JsonWriter& out) {
        const Path at("text");
        const auto settings = known_object(request_["text"], at, {"format", "verbosity"}, notes_);
        const auto format = inner(settings, at, "format", "response_format");
        write_response_format(format, out, notes_);
        out.member("verbosity", inner(settings, at, "verbosity", "verbosity"));
    }

    // Absent where the service is not to see what chat calls `field`.
    [[nodiscard]] JsonView inner(const JsonObject& object,
                                 const Path& at,
                                 std::string_view name,
                                 std::string_view field) {
        const auto value = object[name];
        if (!value || !is_dropped(upstream_, field)) return value;
        notes_.drop(at.at(name));
        return {};
    }

    void reasoning(JsonWriter& out) {
        const Path at("reasoning");
        const auto settings = known_object(request_["reasoning"],
                                           at,
                                           {"effort", "summary", "generate_summary", "context"},
                                           notes_);
        for (const auto* name : {"summary", "generate_summary", "context"})
            if (settings[name]) notes_.drop(at.at(name));
        out.member("reasoning_effort", inner(settings, at, "effort", "reasoning_effort"));
    }

    void length(JsonWriter& out) {
        const auto name = upstream_.max_tokens.value_or("max_completion_tokens");
        const auto value = fields_.number("max_output_tokens");
        if (value && is_dropped(upstream_, name)) return notes_.drop(Path("max_output_tokens"));
        out.member(name, value);
    }

    void logprobs(JsonWriter& out) {
        const Path at("include");
        const auto include = request_["include"];
        if (include && !include.is_array()) return notes_.wrong_type(at, "an array");
        bool wanted = static_cast<bool>(request_["top_logprobs"]);
        std::size_t index = 0;
        for (const auto value : json_elements(include)) {
            const auto here = at.at(index++);
            if (!value.is_string()) notes_.wrong_type(here, "a string");
            if (value.says("message.output_text.logprobs")) {
                wanted = true;
            } else {
                // It asks for more to be said of things that a chat service does not have.
                notes_.drop(here);
            }
        }
        if (!wanted) return;
        if (is_dropped(upstream_, "logprobs")) return notes_.drop(Path("top_logprobs"));
        out.key("logprobs").boolean(true).member("top_logprobs", fields_.get("top_logprobs"));
    }

    // The final event of a Responses stream has the usage, so it is asked for.
    void stream(JsonWriter& out) {
        const auto value = fields_.boolean("stream");
        out.member("stream", value);
        const Path at("stream_options");
        const auto options =
            known_object(request_["stream_options"], at, {"include_obfuscation"}, notes_);
        // Padding against listeners.
        if (options["include_obfuscation"]) notes_.drop(at.at("include_obfuscation"));
        if (!value.is_true() || !upstream_.stream_options.value_or(true)) return;
        out.key("stream_options").open('{').key("include_usage").boolean(true).close('}');
    }

    [[nodiscard]] std::string echo() const {
        std::string members;
        for (const auto& [name, absent] : echoed) {
            const auto value = request_[name];
            const auto text = value ? value.raw() : absent;
            if (text.empty()) continue;
            members.append(",\"").append(name).append("\":");
            const auto begin = members.size();
            members += text;
            std::replace_if(
                members.begin() + static_cast<std::ptrdiff_t>(begin),
                members.end(),
                [](char c) { return c == '\n' || c == '\r'; },
                ' ');
        }
        return members;
    }

    const JsonObject& request_;
    const config::Compatibility& upstream_;
    RequestNotes& notes_;
    RequestFields fields_;
};

}  // namespace

TranslatedRequest responses_request_to_chat(const JsonObject& request,
                                            const config::Compatibility& upstream,
                                            RequestNotes& notes) {
    return ResponsesRequest(request, upstream, notes).run();
}

}  // namespace handover::dialects
