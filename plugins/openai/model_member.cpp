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
        std::size_t depth = 0;
        do {
            depth = step(depth);
        } while (depth > 0 && at_ < text_.size());
        const Span span{begin, at_};
        skip_space();
        return span;
    }

private:
    std::size_t step(std::size_t depth) {
        if (at_ >= text_.size()) return 0;
        const char c = text_[at_];
        if (c == '"') {
            skip_string();
            return depth;
        }
        if (c == '{' || c == '[') {
            ++at_;
            return depth + 1;
        }
        if (c == '}' || c == ']') {
            ++at_;
            return depth == 0 ? 0 : depth - 1;
        }
        if (depth > 0) {
            ++at_;  // commas, colons, white space and the letters of scalars
            return depth;
        }
        at_ = std::min(text_.find_first_of(",}] \t\r\n", at_ + 1), text_.size());
        return 0;
    }

    void skip_string() {
        ++at_;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        at_ = std::min(at_ + 1, text_.size());
    }

    void skip_space() {
        while (at_ < text_.size() && white_space.find(text_[at_]) != std::string_view::npos) ++at_;
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
