// Text from outside, made safe to show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace handover::text {

// `text` without control characters (C0, DEL, C1 as UTF-8, bidirectional overrides), invalid UTF-8
// replaced by U+FFFD, line breaks and tabs turned into spaces, cut after `most` bytes with an
// ellipsis. What servers, plugins and files say passes here before it reaches a terminal or an
// error.
std::string printable(std::string_view text, std::size_t most = 500);

// The same for text that a terminal shows as it streams: line breaks and tabs stay, nothing is cut.
// `carry` holds an incomplete UTF-8 sequence between calls; start with an empty one.
std::string printable_stream(std::string_view text, std::string& carry);

// As a string in quotes that TOML and JSON read alike: what printable leaves out stays, as an
// escape.
std::string quoted(std::string_view text);

}  // namespace handover::text
