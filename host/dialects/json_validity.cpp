#include "dialects/json_validity.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <forward_list>

#include "dialects/json_text.hpp"

namespace handover::dialects {
namespace {

constexpr const char* cut_off = "it ends too early";
constexpr const char* unexpected = "a character stands where it may not";
constexpr const char* too_deep = "it is nested more than 128 levels deep";
constexpr const char* bad_escape = "a text holds an escape that is none";
constexpr const char* bad_text = "a text is not UTF-8";

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// Stands for itself in a string; what is beyond ASCII is looked at more closely.
constexpr bool is_plain(char c) {
    return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\';
}

// How many of eight bytes are plain before the first that is not: the subtractions set that one's
// top bit, and no lower one.
std::size_t plain_of_eight(const char* at) {
    static_assert(std::endian::native == std::endian::little);
    constexpr std::uint64_t each = 0x0101010101010101U;
    constexpr std::uint64_t top_bits = 0x80U * each;
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    const auto quotes = (bytes ^ ('"' * each)) - each;
    const auto backslashes = (bytes ^ ('\\' * each)) - each;
    const auto controls = bytes - 0x20U * each;
    const auto odd = (quotes | backslashes | controls | bytes) & top_bits;
    return static_cast<std::size_t>(std::countr_zero(odd)) / 8;
}

// What may follow the first byte of a character beyond ASCII (Unicode 15, table 3-7).
struct Following {
    std::size_t count = 0;  // 0: no character begins so
    unsigned char low = 0x80;
    unsigned char high = 0xBF;  // of the first that follows
};

constexpr Following following(unsigned char lead) {
    if (lead < 0xC2 || lead > 0xF4) return {};
    if (lead < 0xE0) return {.count = 1};
    if (lead == 0xE0) return {.count = 2, .low = 0xA0};
    if (lead == 0xED) return {.count = 2, .high = 0x9F};  // the rest are surrogates
    if (lead < 0xF0) return {.count = 2};
    if (lead == 0xF0) return {.count = 3, .low = 0x90};
    if (lead == 0xF4) return {.count = 3, .high = 0x8F};
    return {.count = 3};
}

// Goes through a text once. Every function returns false where the text is not what it should be;
// `wrong_` says why.
class Reader {
public:
    enum class Names { ignored, unique };

    Reader(std::string_view text, Names names, const JsonBound& bound = {})
        : at_(text.data()),
          end_(text.data() + text.size()),
          names_wanted_(names),
          values_left_(bound.values),
          numbers_count_(bound.numbers_count) {
        if (names != Names::unique) return;
        constexpr std::size_t usual_members = 8;
        constexpr std::size_t usual_names = 32;
        members_.reserve(usual_members);
        names_.reserve(usual_names);
    }

    bool document() {
        skip_blanks();
        is_object_ = next_is('{');
        if (!value()) return false;
        skip_blanks();
        return at_ == end_ || fail(unexpected);
    }

    [[nodiscard]] JsonCheck result(bool good) {
        JsonCheck check = {.members = std::move(members_), .is_object = is_object_};
        if (good) return check;
        if (too_many_) {
            check.problem = {.message = "it holds too many JSON values", .too_many_values = true};
            return check;
        }
        check.problem =
            wrong_ == nullptr
                ? JsonProblem{.message = "a member stands twice in one object", .member = twice_}
                : JsonProblem{.message = std::string("the body is not valid JSON: ") + wrong_};
        return check;
    }

private:
    bool fail(const char* why) {
        wrong_ = at_ == end_ ? cut_off : why;
        return false;
    }

    [[nodiscard]] bool next_is(char c) const { return at_ != end_ && *at_ == c; }

    void skip_blanks() {
        while (at_ != end_ && is_blank(*at_)) ++at_;
    }

    // Blanks and that character, if it is the next.
    bool take(char c) {
        skip_blanks();
        if (!next_is(c)) return false;
        ++at_;
        return true;
    }

    bool counted() {
        if (values_left_-- > 0) return true;
        too_many_ = true;
        return false;
    }

    bool value() {
        if (at_ == end_) return fail(unexpected);
        switch (*at_) {
            case '{':
                return counted() && object();
            case '[':
                return counted() && array();
            case '"':
                return counted() && string();
            case 't':
                return counted() && word("true");
            case 'f':
                return counted() && word("false");
            case 'n':
                return counted() && word("null");
            default:
                return (!numbers_count_ || counted()) && number();
        }
    }

    bool enter() {
        if (++level_ > run::most_levels) return fail(too_deep);
        ++at_;
        return true;
    }

    bool leave(char bracket) {
        --level_;
        return take(bracket) || fail(unexpected);
    }

    bool object() {
        if (!enter()) return false;
        const auto first_name = names_.size();
        skip_blanks();
        if (!next_is('}')) {
            do {
                if (!member()) return false;
            } while (take(','));
        }
        return leave('}') && names_differ(first_name);
    }

    bool array() {
        if (!enter()) return false;
        skip_blanks();
        if (!next_is(']')) {
            do {
                skip_blanks();
                if (!value()) return false;
            } while (take(','));
        }
        return leave(']');
    }

    bool member() {
        skip_blanks();
        const auto* const begin = at_;
        if (!next_is('"')) return fail(unexpected);
        if (!string()) return false;
        const std::string_view quoted(begin, static_cast<std::size_t>(at_ - begin));
        note_name(quoted);
        if (!take(':')) return fail(unexpected);
        skip_blanks();
        const auto* const value_begin = at_;
        if (!value()) return false;
        if (level_ == 1 && names_wanted_ == Names::unique) {
            members_.push_back(
                {.name = quoted.substr(1, quoted.size() - 2),
                 .value = {value_begin, static_cast<std::size_t>(at_ - value_begin)}});
        }
        return true;
    }

    void note_name(std::string_view quoted) {
        if (names_wanted_ == Names::ignored) return;
        const bool escaped = quoted.find('\\') != std::string_view::npos;
        names_.push_back(escaped ? unescaped_.emplace_front(JsonView(quoted).text())
                                 : quoted.substr(1, quoted.size() - 2));
    }

    // The names of the object that ends, which began with that one.
    bool names_differ(std::size_t first) {
        if (names_wanted_ == Names::ignored) return true;
        const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
        std::sort(begin, names_.end());
        const auto twice = std::adjacent_find(begin, names_.end());
        if (twice != names_.end()) {
            twice_ = *twice;
            return false;
        }
        names_.erase(begin, names_.end());
        return true;
    }

    bool string() {
        ++at_;
        while (true) {
            skip_plain();
            if (at_ == end_) return fail(unexpected);
            if (*at_ == '"') break;
            if (!(*at_ == '\\' ? escape() : beyond_ascii())) return false;
        }
        ++at_;
        return true;
    }

    // Texts can be megabytes of base64.
    void skip_plain() {
        constexpr std::size_t block = 8;
        while (static_cast<std::size_t>(end_ - at_) >= block) {
            const auto plain = plain_of_eight(at_);
            at_ += plain;
            if (plain < block) return;
        }
        while (at_ != end_ && is_plain(*at_)) ++at_;
    }

    bool escape() {
        if (++at_ == end_) return fail(unexpected);
        const char c = *at_++;
        if (c == 'u') return escaped_utf_16();
        constexpr std::string_view known = "\"\\/bfnrt";
        return known.find(c) != std::string_view::npos || fail(bad_escape);
    }

    // Surrogates come in pairs.
    bool escaped_utf_16() {
        unsigned unit = 0;
        if (!hexadecimal(unit)) return false;
        if (unit < 0xD800 || unit > 0xDFFF) return true;
        unsigned second = 0;
        if (unit > 0xDBFF || !next_is('\\')) return fail(bad_escape);
        ++at_;
        if (!next_is('u')) return fail(bad_escape);
        ++at_;
        if (!hexadecimal(second)) return false;
        return (second >= 0xDC00 && second <= 0xDFFF) || fail(bad_escape);
    }

    bool hexadecimal(unsigned& unit) {
        constexpr int digits = 4;
        for (int i = 0; i < digits; ++i) {
            if (at_ == end_) return fail(bad_escape);
            const char c = *at_;
            const char lower = static_cast<char>(c | 0x20);
            const bool letter = lower >= 'a' && lower <= 'f';
            if (!letter && !is_digit(c)) return fail(bad_escape);
            unit = unit * 16 + static_cast<unsigned>(letter ? lower - 'a' + 10 : c - '0');
            ++at_;
        }
        return true;
    }

    bool beyond_ascii() {
        const auto lead = static_cast<unsigned char>(*at_);
        if (lead < 0x80) return fail(unexpected);  // a control character
        auto more = following(lead);
        if (more.count == 0) return fail(bad_text);
        ++at_;
        for (; more.count > 0; --more.count, more.low = 0x80, more.high = 0xBF) {
            if (at_ == end_) return fail(bad_text);
            const auto byte = static_cast<unsigned char>(*at_);
            if (byte < more.low || byte > more.high) return fail(bad_text);
            ++at_;
        }
        return true;
    }

    bool word(std::string_view wanted) {
        for (const char c : wanted) {
            if (!next_is(c)) return fail(unexpected);
            ++at_;
        }
        return true;
    }

    bool digits() {
        if (at_ == end_ || !is_digit(*at_)) return fail(unexpected);
        while (at_ != end_ && is_digit(*at_)) ++at_;
        return true;
    }

    bool number() {
        if (next_is('-')) ++at_;
        if (next_is('0')) {
            ++at_;  // no digit follows it
        } else if (!digits()) {
            return false;
        }
        if (next_is('.')) {
            ++at_;
            if (!digits()) return false;
        }
        if (!next_is('e') && !next_is('E')) return true;
        ++at_;
        if (next_is('+') || next_is('-')) ++at_;
        return digits();
    }

    const char* at_;
    const char* end_;
    Names names_wanted_;
    std::size_t values_left_;
    bool numbers_count_;
    bool too_many_ = false;
    std::size_t level_ = 0;
    bool is_object_ = false;
    std::vector<run::RawMember> members_ = {};  // of the outermost object
    std::vector<std::string_view> names_ = {};  // of all objects that are open, outermost first
    std::forward_list<std::string> unescaped_ = {};  // what some of them point at
    const char* wrong_ = nullptr;
    std::string twice_ = {};
};

}  // namespace

JsonCheck check_json(std::string_view text, const JsonBound& bound) {
    Reader reader(text, Reader::Names::unique, bound);
    const bool good = reader.document();
    return reader.result(good);
}

std::optional<JsonProblem> json_problem(std::string_view text) {
    return check_json(text).problem;
}

bool is_json(std::string_view text) {
    return Reader(text, Reader::Names::ignored).document();
}

}  // namespace handover::dialects
