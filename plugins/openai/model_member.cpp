#include "openai/model_member.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <optional>

namespace handover::openai {
namespace {

constexpr std::string_view white_space = " \t\r\n";

struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// Walks over valid JSON; on anything else it stops at the end of the text.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) { skip_space(); }

    [[nodiscard]] std::size_t at() const { return at_; }

    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        skip_space();
        return true;
    }

    // One value of any kind, and the white space after it.
    Span value() {
        const auto begin = at_;
        if (begins('"')) {
            skip_string();
        } else if (begins('{') || begins('[')) {
            skip_nested();
        } else {
            at_ = std::min(text_.find_first_of(",}] \t\r\n", at_ + 1), text_.size());
        }
        const Span span{begin, at_};
        skip_space();
        return span;
    }

private:
    [[nodiscard]] bool begins(char c) const { return at_ < text_.size() && text_[at_] == c; }

    void skip_nested() {
        std::size_t depth = 0;
        do {
            if (begins('"')) {
                skip_string();
                continue;
            }
            if (begins('{') || begins('[')) ++depth;
            if (begins('}') || begins(']')) --depth;
            ++at_;
        } while (depth > 0 && at_ < text_.size());
    }

    // Texts can be megabytes of base64, so the search is for the quote.
    void skip_string() {
        const auto first = at_ + 1;
        auto quote = text_.find('"', first);
        while (quote != std::string_view::npos && is_escaped(first, quote)) {
            quote = text_.find('"', quote + 1);
        }
        at_ = quote == std::string_view::npos ? text_.size() : quote + 1;
    }

    [[nodiscard]] bool is_escaped(std::size_t first, std::size_t at) const {
        auto begin = at;
        while (begin > first && text_[begin - 1] == '\\') --begin;
        return (at - begin) % 2 == 1;
    }

    void skip_space() {
        while (begins(' ') || begins('\n') || begins('\r') || begins('\t')) ++at_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

// Where the value of the top-level "model" stands. Of several the last counts, as for most parsers.
std::optional<Span> find_model(std::string_view body) {
    Cursor cursor(body);
    if (!cursor.take('{')) return std::nullopt;
    std::optional<Span> found;
    while (cursor.at() < body.size() && body[cursor.at()] == '"') {
        const auto key = cursor.value();
        if (!cursor.take(':')) return std::nullopt;
        const auto value = cursor.value();
        if (body.substr(key.begin, key.end - key.begin) == "\"model\"") found = value;
        if (!cursor.take(',')) break;
    }
    return found;
}

std::string quoted(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c >= ' ' && c != '"' && c != '\\' && c < 0x7f;
    });
    if (plain) return '"' + std::string(text) + '"';
    return boost::json::serialize(
        boost::json::value(boost::json::string_view(text.data(), text.size())));
}

}  // namespace

bool names_model(std::string_view body, std::string_view model) {
    const auto found = find_model(body);
    if (!found) return false;
    const auto value = body.substr(found->begin, found->end - found->begin);
    return value == quoted(model);
}

std::string with_model(std::string_view body, std::string_view model) {
    std::string out(body);
    if (const auto found = find_model(body)) {
        return out.replace(found->begin, found->end - found->begin, quoted(model));
    }
    const auto open = body.find_first_not_of(white_space);
    if (open == std::string_view::npos || body[open] != '{') return out;
    const auto next = body.find_first_not_of(white_space, open + 1);
    const bool empty = next != std::string_view::npos && body[next] == '}';
    return out.insert(open + 1, "\"model\":" + quoted(model) + (empty ? "" : ","));
}

}  // namespace handover::openai
