#include "dialects/usage.hpp"

namespace handover::dialects {
namespace {

struct Names {
    std::string_view input;
    std::string_view input_details;
    std::string_view output;
    std::string_view output_details;
};

constexpr Names names_of(Dialect dialect) {
    if (dialect == Dialect::responses)
        return {"input_tokens", "input_tokens_details", "output_tokens", "output_tokens_details"};
    return {
        "prompt_tokens", "prompt_tokens_details", "completion_tokens", "completion_tokens_details"};
}

}  // namespace

std::optional<Usage> read_usage(Dialect dialect, JsonView usage) {
    const auto names = names_of(dialect);
    const JsonObject object(usage);
    const auto input = object[names.input].integer();
    const auto output = object[names.output].integer();
    if (!input && !output) return std::nullopt;
    const JsonObject of_input(object[names.input_details]);
    const JsonObject of_output(object[names.output_details]);
    Usage read;
    read.input = input.value_or(0);
    read.output = output.value_or(0);
    read.cached = of_input["cached_tokens"].integer().value_or(0);
    read.cache_write = of_input["cache_write_tokens"].integer();
    read.reasoning = of_output["reasoning_tokens"].integer().value_or(0);
    // Sums are capped: counts come from outside.
    std::int64_t sum = 0;
    if (__builtin_add_overflow(read.input, read.output, &sum)) sum = read.input;
    read.total = object["total_tokens"].integer().value_or(sum);
    return read;
}

void write_usage(Dialect dialect, const Usage& usage, JsonWriter& out) {
    const auto names = names_of(dialect);
    const bool responses = dialect == Dialect::responses;
    out.open('{').key(names.input).number(usage.input);
    const auto details = [&] {
        out.key(names.input_details).open('{').key("cached_tokens").number(usage.cached);
        if (usage.cache_write) out.key("cache_write_tokens").number(*usage.cache_write);
        out.close('}');
    };
    const auto output_details = [&] {
        out.key(names.output_details).open('{').key("reasoning_tokens").number(usage.reasoning);
        out.close('}');
    };
    if (responses) details();
    out.key(names.output).number(usage.output);
    if (responses) output_details();
    out.key("total_tokens").number(usage.total);
    if (!responses) {
        details();
        output_details();
    }
    out.close('}');
}

std::optional<Usage> chat_usage(const JsonObject& chunk, const JsonObject& first_choice) {
    // Most services; Moonshot; Groq.
    const JsonView places[] = {
        chunk["usage"], first_choice["usage"], JsonObject(chunk["x_groq"])["usage"]};
    for (const auto place : places) {
        if (const auto usage = read_usage(Dialect::chat_completions, place)) return usage;
    }
    return std::nullopt;
}

}  // namespace handover::dialects
