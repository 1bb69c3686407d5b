// What a document may not exceed before it is parsed: a parser that recurses runs on a bounded
// stack.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace handover::config {

struct TooMuch {
    int line = 1;
    int column = 1;
    std::string why = {};
};

inline constexpr std::size_t most_toml_bytes = 1U << 20U;
inline constexpr int most_toml_depth = 32;

// Brackets within brackets and parts of one dotted key, together, at most `most_toml_depth`; bytes
// at most `most_toml_bytes`. Reads strings and comments as TOML 1.0 does up to the first error,
// where the parser stops too.
std::optional<TooMuch> check_depth(std::string_view text);

}  // namespace handover::config
