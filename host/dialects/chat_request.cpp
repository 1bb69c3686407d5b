// A chat request as a Responses one.
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
                                                     "user",
                                                     "safety_identifier",
                                                     "moderation",
                                                     "prompt_cache_key",
                                                     "prompt_cache_options",
                                                     "prompt_cache_retention",
                                                     "stream"};

// Taken into account below, each in its own way.
constexpr std::array<std::string_view, 16> handled = {"model",
                                                      "messages",
                                                      "tools",
                                                      "tool_choice",
                                                      "parallel_tool_calls",
                                                      "response_format",
                                                      "verbosity",
                                                      "reasoning_effort",
                                                      "reasoning",
                                                      "max_completion_tokens",
                                                      "max_tokens",
                                                      "store",
                                                      "logprobs",
                                                      "top_logprobs",
                                                      "stream_options",
                                                      "web_search_options"};

constexpr std::string_view no_place = "has no counterpart in the Responses API of this provider";
constexpr std::array<Unmapped, 12> unmapped = {{
    {"n", "1", "must be 1: the Responses API of this provider gives one answer to a request"},
    {"stop", "[]", no_place},
    {"seed", "", no_place},
    {"logit_bias", "{}", no_place},
    {"frequency_penalty", "0", no_place},
    {"presence_penalty", "0", no_place},
    {"prediction", "", no_place},
    {"audio", "", "asks for spoken output, which the Responses API of this provider does not give"},
    {"modalities",
     R"(["text"])",
     "asks for spoken output, which the Responses API of this provider does not give"},
    {"functions", "[]", "is deprecated; use tools"},
    {"function_call", "", "is deprecated; use tool_choice"},
    {"system_fingerprint", "", no_place},
}};

bool is_among(std::string_view name, const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class ChatRequest {
public:
    ChatRequest(const JsonObject& request,
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
        write_input(request_["messages"], upstream_, out, notes_);
        write_response_tools(fields_.get("tools"), fields_.get("web_search_options"), out, notes_);
        write_response_tool_choice(fields_.get("tool_choice"), out, notes_);
        out.member("parallel_tool_calls", fields_.get("parallel_tool_calls"));
        text(out);
        reasoning(out);
        length(out);
        for (const auto name : shared) out.member(name, fields_.get(name));
        store(out);
        logprobs(out);
        out.close('}');
        translated.facts.streams = fields_.boolean("stream").is_true();
        translated.facts.include_usage = include_usage();
        return translated;
    }

private:
    void check_names() {
        for (const auto& member : request_.members()) {
            if (is_among(member.name, handled)) continue;
            if (is_dropped(upstream_, member.name)) {
                notes_.drop(Path(member.name));
            } else if (!is_among(member.name, shared)) {
                fields_.refuse_unmapped(member, unmapped, "a chat request");
            }
        }
    }

    void text(JsonWriter& out) {
        const auto format = fields_.get("response_format");
        const auto verbosity = fields_.get("verbosity");
        if (!format && !verbosity) return;
        out.key("text").open('{');
        write_text_format(format, out, notes_);
        out.member("verbosity", verbosity).close('}');
    }

    // `reasoning` is what some chat services have taken over from Responses.
    void reasoning(JsonWriter& out) {
        const Path at("reasoning");
        const auto given =
            known_object(fields_.get("reasoning"), at, {"effort", "summary"}, notes_);
        const auto effort = fields_.get("reasoning_effort");
        const auto summary = given["summary"];
        if (!effort && !given["effort"] && !summary) return;
        if (effort && given["effort"] && effort.text() != given["effort"].text())
            contradicts(at.at("effort"), "reasoning_effort");
        out.key("reasoning").open('{');
        out.member("effort", effort ? effort : given["effort"]).member("summary", summary);
        out.close('}');
    }

    void length(JsonWriter& out) {
        const auto now = fields_.number("max_completion_tokens");
        const auto before = fields_.number("max_tokens");
        if (now && before && now.number() != before.number())
            contradicts(Path("max_tokens"), "max_completion_tokens");
        out.member("max_output_tokens", now ? now : before);
    }

    void contradicts(const Path& at, const std::string& other) {
        notes_.refuse(at, "invalid_value", "says something else than \"" + other + "\"");
    }

    // The default there is to keep every answer; here it is not to.
    void store(JsonWriter& out) {
        const auto value = fields_.boolean("store");
        if (!is_dropped(upstream_, "store")) out.key("store").boolean(value.is_true());
    }

    void logprobs(JsonWriter& out) {
        const bool wanted = fields_.boolean("logprobs").is_true();
        const auto most = fields_.number("top_logprobs");
        if (wanted) {
            out.member("top_logprobs", most);
            out.key("include").open('[').text("message.output_text.logprobs").close(']');
        } else if (most && most.number() != 0 && !is_dropped(upstream_, "logprobs")) {
            notes_.refuse(
                Path("top_logprobs"), "invalid_value", "is of no use without \"logprobs\": true");
        }
    }

    [[nodiscard]] bool include_usage() {
        const Path at("stream_options");
        const auto options = known_object(
            request_["stream_options"], at, {"include_usage", "include_obfuscation"}, notes_);
        // Padding against listeners.
        if (options["include_obfuscation"]) notes_.drop(at.at("include_obfuscation"));
        return boolean_member(options, "include_usage", at, notes_).is_true();
    }

    const JsonObject& request_;
    const config::Compatibility& upstream_;
    RequestNotes& notes_;
    RequestFields fields_;
};

}  // namespace

TranslatedRequest chat_request_to_responses(const JsonObject& request,
                                            const config::Compatibility& upstream,
                                            RequestNotes& notes) {
    return ChatRequest(request, upstream, notes).run();
}

}  // namespace handover::dialects
