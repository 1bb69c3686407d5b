#include "run/raw_json.hpp"

#include <algorithm>

namespace handover::run {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr auto npos = std::string_view::npos;

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

constexpr bool ends_scalar(char c) {
    return is_blank(c) || c == ',' || c == '}' || c == ']';
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
    while (at < text.size() && is_blank(text[at])) ++at;
    return std::min(at, text.size());
}

// The place after the string that begins at `at`; npos if it does not end. Strings can be megabytes
// of base64, so the search is for the quote.
std::size_t skip_string(std::string_view text, std::size_t at) {
    const auto first = at + 1;
    for (auto quote = text.find('"', first); quote != npos; quote = text.find('"', quote + 1)) {
        auto escapes = quote;
        while (escapes > first && text[escapes - 1] == '\\') --escapes;
        if ((quote - escapes) % 2 == 0) return quote + 1;
    }
    return npos;
}

// The place after the object or array that begins at `at`.
std::size_t skip_nested(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = skip_string(text, at);
            if (at == npos) return npos;
            continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++at;
        if (depth == 0) return at;
    }
    return npos;
}

std::size_t skip_value(std::string_view text, std::size_t at) {
    if (at >= text.size()) return npos;
    if (text[at] == '"') return skip_string(text, at);
    if (text[at] == '{' || text[at] == '[') return skip_nested(text, at);
    auto end = at;
    while (end < text.size() && !ends_scalar(text[end])) ++end;
    return end == at || end == text.size() ? npos : end;
}

// Where a list of members or elements goes on after the value that ended at `at`; npos at its end.
std::size_t after_comma(std::string_view text, std::size_t at) {
    at = skip_blanks(text, at);
    if (at >= text.size() || text[at] != ',') return npos;
    return skip_blanks(text, at + 1);
}

// Calls `visit(member)` until it returns false.
template <typename Visit>
void each_member(std::string_view object, Visit visit) {
    auto at = skip_blanks(object, 0);
    if (at >= object.size() || object[at] != '{') return;
    at = skip_blanks(object, at + 1);
    while (at < object.size() && object[at] == '"') {
        const auto key_end = skip_string(object, at);
        if (key_end == npos) return;
        const auto colon = skip_blanks(object, key_end);
        if (colon >= object.size() || object[colon] != ':') return;
        const auto start = skip_blanks(object, colon + 1);
        const auto end = skip_value(object, start);
        if (end == npos) return;
        const RawMember member = {.name = object.substr(at + 1, key_end - at - 2),
                                  .value = object.substr(start, end - start)};
        if (!visit(member)) return;
        at = after_comma(object, end);
    }
}

}  // namespace

std::optional<std::string_view> raw_member(std::string_view object, std::string_view name) {
    std::optional<std::string_view> found;
    each_member(object, [&](const RawMember& member) {
        if (member.name == name) found = member.value;
        return !found;
    });
    return found;
}

std::vector<RawMember> raw_members(std::string_view object) {
    std::vector<RawMember> members;
    constexpr std::size_t usual = 8;
    each_member(object, [&](const RawMember& member) {
        if (members.empty()) members.reserve(usual);
        members.push_back(member);
        return true;
    });
    return members;
}

std::vector<std::string_view> raw_elements(std::string_view array) {
    std::vector<std::string_view> elements;
    auto at = skip_blanks(array, 0);
    if (at >= array.size() || array[at] != '[') return elements;
    at = skip_blanks(array, at + 1);
    while (at < array.size() && array[at] != ']') {
        const auto end = skip_value(array, at);
        if (end == npos) break;
        elements.push_back(array.substr(at, end - at));
        at = after_comma(array, end);
    }
    return elements;
}

std::optional<std::string_view> raw_value(std::string_view text) {
    const auto start = skip_blanks(text, 0);
    const auto end = skip_value(text, start);
    if (end == npos) return std::nullopt;
    return text.substr(start, end - start);
}

std::optional<std::string> with_raw_member(std::string_view object,
                                           std::string_view name,
                                           std::string_view value) {
    if (const auto old = raw_member(object, name)) {
        const auto start = static_cast<std::size_t>(old->data() - object.data());
        std::string out(object);
        return out.replace(start, old->size(), value);
    }
    const auto close = object.find_last_not_of(blanks);
    const auto open = object.find_first_not_of(blanks);
    if (close == npos || open == close || object[open] != '{' || object[close] != '}')
        return std::nullopt;
    const bool empty = skip_blanks(object, open + 1) == close;
    std::string out(object.substr(0, close));
    out.append(empty ? "\"" : ",\"").append(name).append("\":").append(value).append("}");
    return out;
}

}  // namespace handover::run
