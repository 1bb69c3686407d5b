// Where a stream of server-sent events may be cut. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace handover::gateway {

// How much of `text` is whole events: up to and with its last blank line. Nothing is looked for
// before `from`, where it is known that there is none.
inline std::size_t whole_events(std::string_view text, std::size_t from = 0) {
    const auto ends_line = [&](std::size_t at) { return text[at] == '\n' || text[at] == '\r'; };
    const auto first = std::max<std::size_t>(from, 1);
    for (auto end = text.size(); end > first; --end) {
        if (!ends_line(end - 1)) continue;
        const bool pair = text[end - 1] == '\n' && text[end - 2] == '\r';
        const auto line_end = end - (pair ? 2U : 1U);  // where the last line's own end begins
        if (line_end > 0 && ends_line(line_end - 1)) return end;
    }
    return 0;
}

}  // namespace handover::gateway
