// Text in columns. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace handover::text {

// Code points: near enough to columns of a terminal for names, paths and messages.
std::size_t width(std::string_view text);

// `text` broken at blanks so that a line with `indent` blanks before it is at most `columns` wide;
// 0: one line. The first line is not indented: it follows what stands there already. A word that is
// too long stays whole.
std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent);

}  // namespace handover::text
