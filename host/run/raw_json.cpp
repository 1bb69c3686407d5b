#include "run/raw_json.hpp"

namespace handover::run {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr auto npos = std::string_view::npos;

std::size_t skip_blanks(std::string_view text, std::size_t at) {
    const auto next = text.find_first_not_of(blanks, at);
    return next == npos ? text.size() : next;
}

// The place after the string that begins at `at`; npos if it does not end.
std::size_t skip_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            return at + 1;
        }
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
    const auto end = text.find_first_of(",}] \t\r\n", at);
    return end == at ? npos : end;
}

}  // namespace

std::optional<std::string_view> raw_member(std::string_view object, std::string_view name) {
    auto at = skip_blanks(object, 0);
    if (at >= object.size() || object[at] != '{') return std::nullopt;
    at = skip_blanks(object, at + 1);
    while (at < object.size() && object[at] == '"') {
        const auto key_end = skip_string(object, at);
        if (key_end == npos) return std::nullopt;
        const auto key = object.substr(at + 1, key_end - at - 2);
        const auto colon = skip_blanks(object, key_end);
        if (colon >= object.size() || object[colon] != ':') return std::nullopt;
        const auto start = skip_blanks(object, colon + 1);
        const auto end = skip_value(object, start);
        if (end == npos) return std::nullopt;
        if (key == name) return object.substr(start, end - start);
        at = skip_blanks(object, end);
        if (at >= object.size() || object[at] != ',') return std::nullopt;
        at = skip_blanks(object, at + 1);
    }
    return std::nullopt;
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
