#include "http/header_rules.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "text/character_set.hpp"
#include "text/printable.hpp"

namespace handover::http {
namespace {

constexpr auto token_characters = text::CharacterSet::alphanumeric_and("!#$%&'*+-.^_`|~");

constexpr auto is_allowed_in_value = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || c == '\t';
};

// Nothing but printable ASCII, which nearly every value is: where a byte is not, the sums reach its
// top bit.
bool are_eight_printable(const char* at) {
    constexpr std::uint64_t each = 0x0101010101010101U;
    constexpr std::uint64_t top_bits = 0x80U * each;
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    return ((bytes | (bytes - 0x20U * each) | (bytes + each)) & top_bits) == 0;
}

Failure refused(std::string message) {
    return fail({.code = Errc::internal,
                 .message = std::move(message),
                 .reason = "it would not stay in its place in the request's head",
                 .fix = {}});
}

Result<void> check_header(std::string_view name, std::string_view value) {
    if (!is_token(name)) return refused("not a header name: \"" + text::printable(name, 100) + '"');
    if (!is_header_value(value)) {
        return refused("the value of the header " + std::string(name) +
                       " holds a control character");
    }
    return {};
}

}  // namespace

bool is_token(std::string_view name) {
    return !name.empty() && token_characters.holds_all(name);
}

bool is_header_value(std::string_view value) {
    while (value.size() >= 8 && are_eight_printable(value.data())) value.remove_prefix(8);
    return std::all_of(value.begin(), value.end(), is_allowed_in_value);
}

Result<void> check_head(const Request& request) {
    if (!is_token(request.method))
        return refused("not a method: \"" + text::printable(request.method, 100) + '"');
    for (const auto& header : request.headers) {
        if (auto checked = check_header(header.name, header.value); !checked) return checked;
    }
    for (const auto& credential : request.credentials) {
        if (auto checked = check_header(credential.name, credential.value.reveal()); !checked)
            return checked;
    }
    return {};
}

}  // namespace handover::http
