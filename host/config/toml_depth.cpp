#include "config/toml_depth.hpp"

#include <algorithm>

namespace handover::config {
namespace {

class Scan {
public:
    explicit Scan(std::string_view text) : text_(text) {}

    std::optional<TooMuch> run() {
        while (at_ < text_.size()) {
            step();
            if (open_ + dots_ > most_toml_depth) return refusal();
        }
        return std::nullopt;
    }

private:
    void step() {
        const char c = text_[at_];
        switch (c) {
            case '"':
            case '\'':
                skip_string(c);
                return;
            case '#':
                at_ = std::min(text_.find('\n', at_), text_.size());
                return;
            case '[':
            case '{':
                ++open_;
                dots_ = 0;
                break;
            case ']':
            case '}':
                open_ = std::max(0, open_ - 1);
                dots_ = 0;
                break;
            case '.':
                ++dots_;
                break;
            case '=':
            case ',':
            case '\n':
                dots_ = 0;
                break;
            default:
                break;
        }
        ++at_;
    }

    void skip_string(char quote) {
        const std::string_view three = quote == '"' ? R"(""")" : "'''";
        const bool multi_line = text_.substr(at_, 3) == three;
        at_ += multi_line ? 3 : 1;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\\' && quote == '"') {
                at_ = std::min(at_ + 2, text_.size());
            } else if (multi_line ? text_.substr(at_, 3) == three : c == quote || c == '\n') {
                close_string(quote, multi_line);
                return;
            } else {
                ++at_;
            }
        }
    }

    // A multi-line string may end in one or two quotes of its own: """ends with a quote""""
    // (TOML 1.0).
    void close_string(char quote, bool multi_line) {
        at_ += multi_line ? 3 : 1;
        for (int more = 0; multi_line && more < 2 && at_ < text_.size() && text_[at_] == quote;
             ++more)
            ++at_;
    }

    [[nodiscard]] TooMuch refusal() const {
        const auto before = text_.substr(0, std::min(at_, text_.size()));
        const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
        return {.line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
                .column = static_cast<int>(before.size() - line_start),
                .why = "nested deeper than " + std::to_string(most_toml_depth) + " levels"};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int open_ = 0;
    int dots_ = 0;
};

}  // namespace

std::optional<TooMuch> check_depth(std::string_view text) {
    if (text.size() > most_toml_bytes) {
        return TooMuch{.why = "longer than " + std::to_string(most_toml_bytes >> 20U) + " MiB"};
    }
    return Scan(text).run();
}

}  // namespace handover::config
