// In what a service departs from its dialect. It matters where the host writes the request itself
// (host/dialects); a request that passes through is the client's own affair.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace handover::config {

class TableReader;

// What is absent was not said: then the service is taken to speak the dialect in full.
struct Compatibility {
    std::optional<bool> developer_role = {};      // false: such messages get the role "system"
    std::optional<std::string> max_tokens = {};   // the name of the limit on the answer's length
    std::optional<bool> stream_options = {};      // false: usage is not asked for in streams
    std::optional<bool> strict_tools = {};        // false: tools carry no `strict`
    std::optional<bool> null_content = {};        // false: "" beside tool calls
    std::optional<int> tool_call_id_length = {};  // exactly so many letters and digits
    std::optional<std::string> required_tool_choice = {};  // what the service calls "required"
    std::optional<std::string> reasoning_field = {};    // where a message takes its thoughts back
    std::optional<std::vector<std::string>> drop = {};  // fields of a request that are left out

    bool operator==(const Compatibility&) const = default;
};

// The table `compatibility` of a provider's table; all absent where there is none.
Compatibility read_compatibility(TableReader& provider);

// Calls `visit(name, member)` for each member, in order: for reading, merging and showing them.
template <typename Visit>
void each_switch(Visit visit) {
    visit("developer_role", &Compatibility::developer_role);
    visit("max_tokens", &Compatibility::max_tokens);
    visit("stream_options", &Compatibility::stream_options);
    visit("strict_tools", &Compatibility::strict_tools);
    visit("null_content", &Compatibility::null_content);
    visit("tool_call_id_length", &Compatibility::tool_call_id_length);
    visit("required_tool_choice", &Compatibility::required_tool_choice);
    visit("reasoning_field", &Compatibility::reasoning_field);
    visit("drop", &Compatibility::drop);
}

}  // namespace handover::config
