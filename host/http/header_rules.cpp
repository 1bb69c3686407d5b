#include "http/header_rules.hpp"

#include <algorithm>

#include "text/character_set.hpp"
#include "text/printable.hpp"

namespace handover::http {
namespace {

constexpr auto token_characters = text::CharacterSet::alphanumeric_and("!#$%&'*+-.^_`|~");

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
