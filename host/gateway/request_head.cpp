#include "gateway/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "http/header_rules.hpp"

namespace handover::gateway {
namespace {

constexpr std::size_t longest_method = 32;
constexpr std::size_t most_connection_options = 16;

using Refused = std::optional<Refusal>;

Refused bad(std::string_view why) {
    return Refusal{.status = 400, .why = why};
}

std::string_view trimmed(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

// Takes the next element of a comma-separated list off `list`.
std::string_view next_element(std::string_view& list) {
    const auto comma = list.find(',');
    const auto element = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    return trimmed(element);
}

// Visible ASCII but '#': a fragment never goes to a server.
bool is_target(std::string_view target) {
    return std::all_of(
        target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
}

Refused parse_version(std::string_view version, RequestHead& head) {
    head.http_1_0 = version == "HTTP/1.0";
    if (head.http_1_0 || version == "HTTP/1.1") return {};
    const bool other = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.';
    if (other) return Refusal{.status = 505, .why = "only HTTP/1.1 is spoken here"};
    return bad("the first line is no HTTP request line");
}

Refused parse_target(std::string_view target, const HeadLimits& limits, RequestHead& head) {
    if (target.size() > limits.longest_target)
        return Refusal{.status = 414, .why = "the request's target is too long"};
    const bool whole_server = target == "*" && head.method == "OPTIONS";
    if (!whole_server && !target.starts_with('/'))
        return bad("the request's target must be a path, as for a server, not for a proxy");
    if (!is_target(target)) return bad("the request's target holds a character it may not");
    const auto mark = target.find('?');
    head.path = target.substr(0, mark);
    head.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    return {};
}

Refused parse_request_line(std::string_view line, const HeadLimits& limits, RequestHead& head) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last || first == 0)
        return bad("the first line is no HTTP request line");
    head.method = line.substr(0, first);
    if (!http::is_token(head.method) || head.method.size() > longest_method)
        return bad("the request's method is not one");
    if (auto refused = parse_version(line.substr(last + 1), head)) return refused;
    return parse_target(line.substr(first + 1, last - first - 1), limits, head);
}

Refused take_once(std::optional<std::string_view>& slot, std::string_view value) {
    if (slot) return bad("a header that may stand once stands twice");
    slot = value;
    return {};
}

Refused parse_length(std::string_view value, RequestHead& head) {
    if (head.framing != Framing::none) return bad("the length of the body is said twice");
    const bool digits = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), head.length);
    if (!digits || error != std::errc() || end != value.data() + value.size())
        return bad("Content-Length is not a number");
    head.framing = Framing::length;
    return {};
}

Refused parse_transfer_encoding(std::string_view value, RequestHead& head) {
    if (head.framing != Framing::none) return bad("the length of the body is said twice");
    if (head.http_1_0) return bad("HTTP/1.0 knows no Transfer-Encoding");
    if (value.empty()) return bad("Transfer-Encoding is empty");
    if (!http::same_name(value, "chunked"))
        return Refusal{.status = 501, .why = "only the transfer coding chunked is known here"};
    head.framing = Framing::chunked;
    return {};
}

Refused parse_expect(std::string_view value, RequestHead& head) {
    if (!http::same_name(value, "100-continue"))
        return Refusal{.status = 417, .why = "only 100-continue can be expected here"};
    head.expects_continue = !head.http_1_0;
    return {};
}

// Hop-by-hop (RFC 9110 section 7.6.1): they end here.
bool is_dropped(std::string_view name) {
    constexpr std::array names = {std::string_view("keep-alive"),
                                  std::string_view("proxy-connection"),
                                  std::string_view("proxy-authorization"),
                                  std::string_view("proxy-authenticate"),
                                  std::string_view("te"),
                                  std::string_view("trailer")};
    return std::any_of(
        names.begin(), names.end(), [&](auto one) { return http::same_name(name, one); });
}

struct ConnectionOptions {
    std::array<std::string_view, most_connection_options> names = {};
    std::size_t count = 0;
    bool close = false;
    bool keep_alive = false;
};

Refused parse_connection(std::string_view value, ConnectionOptions& options) {
    while (!value.empty()) {
        const auto option = next_element(value);
        if (option.empty()) continue;
        if (!http::is_token(option)) return bad("Connection names something that is no header");
        if (options.count == options.names.size()) return bad("Connection names too much");
        options.names.at(options.count++) = option;
        options.close = options.close || http::same_name(option, "close");
        options.keep_alive = options.keep_alive || http::same_name(option, "keep-alive");
    }
    return {};
}

// The headers that the front reads itself; nobody behind it sees them.
struct OwnHeader {
    std::string_view name;
    Refused (*take)(std::string_view value, RequestHead& head, ConnectionOptions& options);
};

template <std::optional<std::string_view> RequestHead::*slot>
Refused take_into(std::string_view value, RequestHead& head, ConnectionOptions& /*options*/) {
    return take_once(head.*slot, value);
}

template <Refused (*parse)(std::string_view, RequestHead&)>
Refused take_as(std::string_view value, RequestHead& head, ConnectionOptions& /*options*/) {
    return parse(value, head);
}

Refused take_upgrade(std::string_view value, RequestHead& head) {
    head.upgrade = value;
    return {};
}

Refused take_connection(std::string_view value, RequestHead& /*head*/, ConnectionOptions& options) {
    return parse_connection(value, options);
}

constexpr OwnHeader own_headers[] = {
    {"host", take_into<&RequestHead::host>},
    {"content-length", take_as<parse_length>},
    {"authorization", take_into<&RequestHead::authorization>},
    {"connection", take_connection},
    {"transfer-encoding", take_as<parse_transfer_encoding>},
    {"origin", take_into<&RequestHead::origin>},
    {"x-api-key", take_into<&RequestHead::x_api_key>},
    {"api-key", take_into<&RequestHead::api_key>},
    {"expect", take_as<parse_expect>},
    {"upgrade", take_as<take_upgrade>},
};

Refused take_header(const HeaderView& header, RequestHead& head, ConnectionOptions& options) {
    for (const auto& own : own_headers) {
        if (own.name.size() == header.name.size() && http::same_name(own.name, header.name))
            return own.take(header.value, head, options);
    }
    if (!is_dropped(header.name)) head.headers.push_back(header);
    return {};
}

Refused parse_header_line(std::string_view line, HeaderView& header) {
    if (line.front() == ' ' || line.front() == '\t')
        return bad("a header is folded over two lines");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return bad("a header has no colon");
    header = {.name = line.substr(0, colon), .value = trimmed(line.substr(colon + 1))};
    if (!http::is_token(header.name)) return bad("a header's name holds a character it may not");
    if (!http::is_header_value(header.value)) return bad("a header holds a control character");
    return {};
}

Refused parse_headers(std::string_view text,
                      const HeadLimits& limits,
                      RequestHead& head,
                      ConnectionOptions& options) {
    std::size_t count = 0;
    while (!text.empty()) {
        const auto end = text.find("\r\n");
        const auto line = text.substr(0, end);
        text.remove_prefix(end + 2);
        if (line.empty()) break;
        if (++count > limits.most_headers)
            return Refusal{.status = 431, .why = "the request has too many headers"};
        HeaderView header;
        if (auto refused = parse_header_line(line, header)) return refused;
        if (auto refused = take_header(header, head, options)) return refused;
    }
    return {};
}

void drop_named(const ConnectionOptions& options, RequestHead& head) {
    const auto named = std::span(options.names).first(options.count);
    std::erase_if(head.headers, [&](const HeaderView& header) {
        return std::any_of(named.begin(), named.end(), [&](std::string_view option) {
            return http::same_name(header.name, option);
        });
    });
}

}  // namespace

std::optional<Refusal> parse_request_head(std::string_view text,
                                          const HeadLimits& limits,
                                          RequestHead& head) {
    auto headers = std::move(head.headers);
    headers.clear();
    head = RequestHead{};
    head.headers = std::move(headers);
    const auto line_end = text.find("\r\n");
    if (auto refused = parse_request_line(text.substr(0, line_end), limits, head)) return refused;
    ConnectionOptions options;
    if (auto refused = parse_headers(text.substr(line_end + 2), limits, head, options))
        return refused;
    if (!head.host && !head.http_1_0) return bad("the request has no Host");
    head.keep_alive = !options.close && (!head.http_1_0 || options.keep_alive);
    drop_named(options, head);
    return {};
}

}  // namespace handover::gateway
