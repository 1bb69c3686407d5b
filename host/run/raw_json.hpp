// Members of a JSON object as the text they were sent as: an upstream's object goes on untouched,
// numbers and all. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handover::run {

// How deep an object may be; as deep as what is translated (dialects/json_validity.hpp).
inline constexpr std::size_t most_levels = 128;

// The text of a top-level member's value, a view into `object`; the first one of that name. Nothing
// if there is none, or if `object` is not a JSON object. The value itself is skipped over, not
// validated.
std::optional<std::string_view> raw_member(std::string_view object, std::string_view name);

struct RawMember {
    std::string_view name = {};  // between the quotes, still escaped
    std::string_view value = {};
};

// All of them, in order, and as far as the text can be followed. Nothing if it is not an object.
std::vector<RawMember> raw_members(std::string_view object);
std::vector<std::string_view> raw_elements(std::string_view array);

// The text of the value that `text` begins with, blanks aside; nothing if it does not end.
std::optional<std::string_view> raw_value(std::string_view text);

// `object` with that member's value replaced; the member is appended where there is none. Nothing
// if `object` is not a JSON object.
std::optional<std::string> with_raw_member(std::string_view object,
                                           std::string_view name,
                                           std::string_view value);

}  // namespace handover::run
