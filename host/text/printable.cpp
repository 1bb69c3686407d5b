#include "text/printable.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <optional>

namespace handover::text {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

struct Decoded {
    std::uint32_t code_point = 0;
    std::size_t size = 0;  // bytes consumed; 0: the sequence is cut off at the end of the text
    bool valid = false;
};

std::size_t sequence_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

std::uint32_t lead_bits(unsigned char lead, std::size_t length) {
    if (length == 1) return lead;
    return lead & (0xFFU >> (length + 1));
}

bool is_overlong_or_surrogate(std::uint32_t code_point, std::size_t length) {
    if (length == 3) return code_point < 0x800 || (code_point >= 0xD800 && code_point <= 0xDFFF);
    if (length == 4) return code_point < 0x10000 || code_point > 0x10FFFF;
    return false;
}

Decoded decode(std::string_view text) {
    const auto length = sequence_length(static_cast<unsigned char>(text.front()));
    if (length == 0) return {.code_point = 0, .size = 1, .valid = false};
    auto code_point = lead_bits(static_cast<unsigned char>(text.front()), length);
    for (std::size_t i = 1; i < length; ++i) {
        if (i == text.size()) return {.code_point = 0, .size = 0, .valid = false};
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0U) != 0x80U) return {.code_point = 0, .size = i, .valid = false};
        code_point = (code_point << 6U) | (byte & 0x3FU);
    }
    return {.code_point = code_point,
            .size = length,
            .valid = !is_overlong_or_surrogate(code_point, length)};
}

// Controls, and the marks that reorder a line (Unicode bidirectional controls).
bool is_unsafe(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0x061C ||
           c == 0x2028 || c == 0x2029;
}

bool is_layout(std::uint32_t c) {
    return c == '\n' || c == '\t';
}

void append(std::string& out, std::string_view bytes, const Decoded& decoded, bool keep_layout) {
    if (!decoded.valid) {
        out.append(replacement);
    } else if (is_layout(decoded.code_point)) {
        out.push_back(keep_layout ? static_cast<char>(decoded.code_point) : ' ');
    } else if (decoded.code_point == '\r') {
        if (!keep_layout) out.push_back(' ');
    } else if (!is_unsafe(decoded.code_point)) {
        out.append(bytes);
    }
}

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
    std::string out;
    while (!text.empty()) {
        auto decoded = decode(text);
        if (decoded.size == 0) decoded.size = text.size();
        if (out.size() >= most) {
            out.append("...");
            break;
        }
        append(out, text.substr(0, decoded.size), decoded, false);
        text.remove_prefix(decoded.size);
    }
    return out;
}

std::string printable_stream(std::string_view text, std::string& carry) {
    std::string whole = std::move(carry);
    carry.clear();
    whole.append(text);
    std::string_view rest = whole;
    std::string out;
    out.reserve(rest.size());
    while (!rest.empty()) {
        const auto decoded = decode(rest);
        if (decoded.size == 0) {
            carry.assign(rest);
            break;
        }
        append(out, rest.substr(0, decoded.size), decoded, true);
        rest.remove_prefix(decoded.size);
    }
    return out;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
        auto decoded = decode(text);
        if (decoded.size == 0) decoded.size = text.size();
        if (decoded.valid && is_unsafe(decoded.code_point)) {
            fmt::format_to(std::back_inserter(out), "\\u{:04X}", decoded.code_point);
        } else {
            if (text.front() == '"' || text.front() == '\\') out.push_back('\\');
            append(out, text.substr(0, decoded.size), decoded, false);
        }
        text.remove_prefix(decoded.size);
    }
    return out + "\"";
}

}  // namespace handover::text
