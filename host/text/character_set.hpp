// Which bytes a grammar allows somewhere, as a table made when compiling. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace handover::text {

class CharacterSet {
public:
    // Letters and digits of ASCII, and `others`.
    static constexpr CharacterSet alphanumeric_and(std::string_view others) {
        CharacterSet set;
        for (char c = '0'; c <= '9'; ++c) set.add(c);
        for (char c = 'a'; c <= 'z'; ++c) set.add(c);
        for (char c = 'A'; c <= 'Z'; ++c) set.add(c);
        for (const char c : others) set.add(c);
        return set;
    }

    [[nodiscard]] constexpr bool holds(char c) const { return of_[static_cast<unsigned char>(c)]; }
    [[nodiscard]] constexpr bool holds_all(std::string_view text) const {
        return std::all_of(text.begin(), text.end(), [this](char c) { return holds(c); });
    }

private:
    constexpr void add(char c) { of_[static_cast<unsigned char>(c)] = true; }

    std::array<bool, 256> of_ = {};
};

}  // namespace handover::text
