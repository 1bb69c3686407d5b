#include "text/wrap.hpp"

#include <algorithm>

namespace handover::text {

std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent) {
    if (columns == 0) return std::string(text);
    std::string out;
    std::size_t column = indent;
    while (!text.empty()) {
        const auto length = std::min(text.find(' '), text.size());
        const auto word = text.substr(0, length);
        text.remove_prefix(std::min(length + 1, text.size()));
        const bool first = column == indent;
        if (!first && column + 1 + width(word) > columns) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (!first) {
            out += ' ';
            ++column;
        }
        out += word;
        column += width(word);
    }
    return out;
}

}  // namespace handover::text
