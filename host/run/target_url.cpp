#include "run/target_url.hpp"

#include <algorithm>

#include "http/target.hpp"
#include "text/encoding.hpp"
#include "text/printable.hpp"

namespace handover::run {
namespace {

Failure bad_path(const std::string& path, std::string reason) {
    return fail({.code = Errc::plugin_failed,
                 .message = "the plugin asked for a path that is not below its base URL: " +
                            text::printable(path, 200),
                 .reason = std::move(reason),
                 .fix = "report this to the plugin's author"});
}

bool is_forbidden(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7F || c == '#' || c == '\\';
}

// Percent-encoded dots count: servers decode them.
bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        const auto segment = text::percent_decode(path.substr(0, end));
        if (!segment || *segment == "." || *segment == "..") return true;
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return false;
}

Result<void> check_path(const std::string& path) {
    if (!path.starts_with('/')) return bad_path(path, "it does not begin with '/'");
    if (path.starts_with("//")) return bad_path(path, "it begins with \"//\"");
    if (std::any_of(path.begin(), path.end(), is_forbidden))
        return bad_path(path, "it holds a character that a path may not hold");
    if (has_dot_segment(std::string_view(path).substr(0, path.find('?'))))
        return bad_path(path, "it holds a dot segment or a bad escape");
    return {};
}

Result<void> check_base(const UrlParts& parts, const http::Target& target) {
    if (parts.base.find('?') != std::string::npos) {
        return fail({.code = Errc::config_invalid,
                     .message = "a base URL with a query: " + text::printable(parts.base, 200),
                     .reason = "the path would end up inside the query",
                     .fix = "move it to the provider's `query` table"});
    }
    if (target.scheme == "https" || target.loopback || parts.allow_http) return {};
    return fail({.code = Errc::config_invalid,
                 .message = "plain http to " + target.authority() + " is refused",
                 .reason = "the credential and the prompt would be readable on the way",
                 .fix = "use https, or set allow_http = true for this provider"});
}

}  // namespace

Result<std::string> target_url(const UrlParts& parts) {
    const auto target = http::parse_target(parts.base);
    if (!target) return target.failure();
    if (auto checked = check_base(parts, *target); !checked) return checked.failure();
    if (auto checked = check_path(parts.path); !checked) return checked.failure();
    auto url = parts.base;
    while (url.ends_with('/')) url.pop_back();
    url += parts.path;
    char separator = parts.path.find('?') == std::string::npos ? '?' : '&';
    for (const auto& [name, value] : parts.query) {
        url += separator + text::percent_encode(name) + '=' + text::percent_encode(value);
        separator = '&';
    }
    const auto joined = http::parse_target(url);
    if (!joined || *joined != *target)
        return bad_path(parts.path, "with it the URL leads to another origin");
    return url;
}

}  // namespace handover::run
