// Ids of tool calls that fit the service they go to. Pure.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "dialects/answer.hpp"

namespace handover::dialects {

// What a service takes. A call and its result stand in one request and get the same replacement.
struct CallIdRule {
    std::size_t most = 0;   // characters; 0: any number
    std::size_t exact = 0;  // so many letters and digits, no other; 0: not asked for
};

// The id itself where it fits, else one that depends on nothing but the id.
std::string fitting_call_id(std::string_view id, const CallIdRule& rule);

// The ids of one answer's calls: a client tells its calls apart by them, and some services give all
// calls the same one, or none.
class CallIds {
public:
    // The id itself, unless it is empty or was given before.
    std::string unique(const std::string& id, const AnswerIdentity& identity, std::size_t index);

private:
    std::set<std::string> given_ = {};
};

}  // namespace handover::dialects
