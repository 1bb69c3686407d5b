#include "http/header_rules.hpp"

#include <algorithm>
#include <array>

#include "text/printable.hpp"

namespace handover::http {
namespace {

constexpr std::array<bool, 256> token_characters() {
    std::array<bool, 256> table = {};
    for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}

bool is_token_character(char c) {
    static constexpr auto table = token_characters();
    return table[static_cast<unsigned char>(c)];
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
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_token_character(c); });
}

bool is_header_value(std::string_view value) {
    return std::none_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7F;
    });
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
