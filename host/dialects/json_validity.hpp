// Which text is JSON that may go on. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "run/raw_json.hpp"

namespace handover::dialects {

struct JsonProblem {
    std::string message = {};
    std::string member = {};  // the name that stands twice in one object
    bool too_many_values = false;
};

// RFC 8259 with valid UTF-8, at most 128 levels deep, no object with two members of one name (what
// the second one means differs from reader to reader). Nothing if that holds.
std::optional<JsonProblem> json_problem(std::string_view text);

// The same, and what was passed on the way: the members of the outermost object, as far as they
// are good.
struct JsonCheck {
    std::optional<JsonProblem> problem = {};
    std::vector<run::RawMember> members = {};
    bool is_object = false;
};

// How much of it is read: what follows costs time and memory for each value.
struct JsonBound {
    std::size_t values = static_cast<std::size_t>(-1);
    bool numbers_count = true;
};
JsonCheck check_json(std::string_view text, const JsonBound& bound = {});

// The same without a look at the names: for events, which come from the upstream and in great
// numbers.
bool is_json(std::string_view text);

}  // namespace handover::dialects
