#include "plugins/request_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "http/header_rules.hpp"
#include "text/character_set.hpp"
#include "text/encoding.hpp"
#include "text/printable.hpp"

namespace handover::plugins {
namespace {

constexpr std::size_t longest_path = 8192;    // what common servers accept as a request line
constexpr std::size_t longest_value = 16384;  // bytes of one header value
constexpr int most_decodings =
    4;  // "%252e" and its like; a path that is still encoded after that is refused

// Of the connection, of the message's framing, or of the credential (RFC 9110
// sections 7.6.1, 11.6, 11.7; RFC 9112).
constexpr std::array host_owned = {
    std::string_view("host"),
    std::string_view("connection"),
    std::string_view("content-length"),
    std::string_view("keep-alive"),
    std::string_view("transfer-encoding"),
    std::string_view("te"),
    std::string_view("trailer"),
    std::string_view("upgrade"),
    std::string_view("expect"),
    std::string_view("cookie"),
    std::string_view("authorization"),
    std::string_view("http2-settings"),
};

// RFC 3986 section 3.3 and 3.4: pchar, "/" and "?"; '%' is looked at separately.
constexpr auto path_characters = text::CharacterSet::alphanumeric_and("-._~!$&'()*+,;=:@/?%");

constexpr auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
};

// A segment's parameters do not count: some servers drop them before they resolve dots ("/..;x/").
bool is_dot_segment(std::string_view segment) {
    const auto name = segment.substr(0, segment.find(';'));
    return name == "." || name == "..";
}

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        if (is_dot_segment(path.substr(0, end))) return true;
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return false;
}

// The path as one decoder sees it.
std::optional<std::string> decoded_breach(std::string_view path) {
    if (path.starts_with("//")) return "it begins with \"//\", which names another host";
    if (path.find('\\') != std::string_view::npos) return "it holds a backslash";
    if (std::any_of(path.begin(), path.end(), is_control)) return "it holds a control character";
    if (has_dot_segment(path)) return "it holds a dot segment";
    return std::nullopt;
}

std::optional<std::string> breach_at_any_depth(std::string_view path) {
    if (path.find('%') == std::string_view::npos) return decoded_breach(path);
    std::string current(path);
    for (int i = 0; i <= most_decodings; ++i) {
        if (auto breach = decoded_breach(current)) return breach;
        auto decoded = text::percent_decode(current);
        if (!decoded && i == 0) return "it holds a '%' without two hexadecimal digits";
        if (!decoded || *decoded == current) return std::nullopt;
        current = std::move(*decoded);
    }
    return "it is percent-encoded many times over";
}

}  // namespace

std::optional<std::string> method_breach(std::string_view method) {
    if (method == "GET" || method == "POST") return std::nullopt;
    return fmt::format("the method \"{}\" is neither GET nor POST", text::printable(method, 40));
}

std::optional<std::string> path_breach(std::string_view path) {
    const auto says = [&](std::string_view what) {
        return fmt::format("the path \"{}\" is refused: {}", text::printable(path, 200), what);
    };
    if (path.empty()) return "it gave no path";
    if (path.size() > longest_path)
        return fmt::format("its path has {} bytes; at most {}", path.size(), longest_path);
    if (path.front() != '/') return says("it does not begin with '/'");
    const auto odd =
        std::find_if_not(path.begin(), path.end(), [](char c) { return path_characters.holds(c); });
    if (odd != path.end()) {
        return says(fmt::format("it holds the byte 0x{:02x}, which a path and query may not",
                                static_cast<unsigned char>(*odd)));
    }
    const auto query = std::min(path.find('?'), path.size());
    if (const auto breach = breach_at_any_depth(path.substr(0, query))) return says(*breach);
    const auto parameters = path.substr(query);
    const bool encoded = parameters.find('%') != std::string_view::npos;
    if (encoded && !text::percent_decode(parameters))
        return says("its query holds a '%' without two hexadecimal digits");
    return std::nullopt;
}

std::optional<std::string> header_breach(std::string_view name,
                                         std::string_view value,
                                         const std::vector<std::string>& owned) {
    if (!http::is_token(name))
        return fmt::format("\"{}\" is no header name", text::printable(name, 80));
    const auto same = [&](std::string_view one) { return http::same_name(one, name); };
    constexpr std::string_view proxy = "proxy-";
    if (std::any_of(host_owned.begin(), host_owned.end(), same) ||
        http::same_name(name.substr(0, proxy.size()), proxy))
        return fmt::format("the header {} is the host's own", name);
    if (std::any_of(owned.begin(), owned.end(), same))
        return fmt::format("the header {} carries the credential, which the host attaches", name);
    if (value.size() > longest_value) {
        return fmt::format(
            "the header {} has {} bytes; at most {}", name, value.size(), longest_value);
    }
    if (std::any_of(value.begin(), value.end(), is_control)) {
        return fmt::format("the value of the header {} holds a control character", name);
    }
    return std::nullopt;
}

}  // namespace handover::plugins
