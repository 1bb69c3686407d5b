#include "config/compatibility.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/table_reader.hpp"

namespace handover::config {
namespace {

constexpr int shortest_call_id = 5;
constexpr int longest_call_id = 64;

using Choice = std::pair<std::string_view, std::string_view>;
constexpr std::array<Choice, 2> length_names = {
    {{"max_completion_tokens", "max_completion_tokens"}, {"max_tokens", "max_tokens"}}};
constexpr std::array<Choice, 3> reasoning_fields = {{{"reasoning_content", "reasoning_content"},
                                                     {"reasoning", "reasoning"},
                                                     {"reasoning_text", "reasoning_text"}}};

template <std::size_t N>
std::optional<std::string> one_of(TableReader& reader,
                                  std::string_view key,
                                  const std::array<Choice, N>& names) {
    const auto chosen = reader.choice(key, Names<std::string_view>(names));
    return chosen ? std::optional(std::string(*chosen)) : std::nullopt;
}

bool is_field(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

void check_fields(TableReader& reader, const std::vector<std::string>& fields) {
    for (const auto& name : fields) {
        if (!is_field(name))
            reader.wrong("drop", "names no field of a request: " + in_quotes(name));
        if (name == "model" || name == "messages" || name == "input" || name == "stream")
            reader.wrong("drop", "cannot leave out " + in_quotes(name));
    }
}

}  // namespace

Compatibility read_compatibility(TableReader& provider) {
    Compatibility read;
    const auto* table = provider.table("compatibility");
    if (table == nullptr) return read;
    TableReader reader(*table, provider.name() + ".compatibility", provider.problems());
    read.developer_role = reader.boolean("developer_role");
    read.max_tokens = one_of(reader, "max_tokens", length_names);
    read.stream_options = reader.boolean("stream_options");
    read.strict_tools = reader.boolean("strict_tools");
    read.null_content = reader.boolean("null_content");
    read.tool_call_id_length =
        reader.integer("tool_call_id_length", shortest_call_id, longest_call_id);
    read.required_tool_choice = reader.string("required_tool_choice");
    if (read.required_tool_choice && !is_field(*read.required_tool_choice))
        reader.wrong("required_tool_choice", "must be a word");
    read.reasoning_field = one_of(reader, "reasoning_field", reasoning_fields);
    read.drop = reader.strings("drop");
    if (read.drop) check_fields(reader, *read.drop);
    reader.finish();
    return read;
}

}  // namespace handover::config
