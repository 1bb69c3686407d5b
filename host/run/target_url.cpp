#include "run/target_url.hpp"

#include <algorithm>

#include "text/encoding.hpp"
#include "text/printable.hpp"

namespace handover::run {
namespace {

Failure bad_path(std::string_view path, std::string reason) {
    return fail({.code = Errc::plugin_failed,
                 .message = "the plugin asked for a path that is not below its base URL: " +
                            text::printable(path, 200),
                 .reason = std::move(reason),
                 .fix = "report this to the plugin's author"});
}

constexpr auto is_forbidden = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7F || c == '#' || c == '\\';
};

// Percent-encoded dots count: servers decode them.
bool is_dot_segment(std::string_view segment) {
    if (segment.find('%') == std::string_view::npos) return segment == "." || segment == "..";
    const auto decoded = text::percent_decode(segment);
    return !decoded || *decoded == "." || *decoded == "..";
}

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        if (is_dot_segment(path.substr(0, end))) return true;
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return false;
}

Result<void> check_path(std::string_view path) {
    if (!path.starts_with('/')) return bad_path(path, "it does not begin with '/'");
    if (path.starts_with("//")) return bad_path(path, "it begins with \"//\"");
    if (std::any_of(path.begin(), path.end(), is_forbidden))
        return bad_path(path, "it holds a character that a path may not hold");
    if (has_dot_segment(path.substr(0, path.find('?'))))
        return bad_path(path, "it holds a dot segment or a bad escape");
    return {};
}

}  // namespace

Result<Base> usable_base(std::string_view url, bool allow_http) {
    auto target = http::parse_target(url);
    if (!target) return target.failure();
    if (url.find('?') != std::string_view::npos) {
        return fail({.code = Errc::config_invalid,
                     .message = "a base URL with a query: " + text::printable(url, 200),
                     .reason = "the path would end up inside the query",
                     .fix = "move it to the provider's `query` table"});
    }
    if (target->scheme != "https" && !target->loopback && !allow_http) {
        return fail({.code = Errc::config_invalid,
                     .message = "plain http to " + target->authority() + " is refused",
                     .reason = "the credential and the prompt would be readable on the way",
                     .fix = "use https, or set allow_http = true for this provider"});
    }
    while (url.ends_with('/')) url.remove_suffix(1);
    return Base{.url = std::string(url),
                .authority_end = std::min(url.find('/', url.find("//") + 2), url.size()),
                .target = std::make_shared<const http::Target>(*std::move(target))};
}

Result<std::string> url_below(const Base& base,
                              std::string_view path,
                              const std::map<std::string, std::string>& query) {
    if (auto checked = check_path(path); !checked) return checked.failure();
    std::string url;
    url.reserve(base.url.size() + path.size());
    url.append(base.url).append(path);
    char separator = path.find('?') == std::string_view::npos ? '?' : '&';
    for (const auto& [name, value] : query) {
        url += separator + text::percent_encode(name) + '=' + text::percent_encode(value);
        separator = '&';
    }
    if (url[base.authority_end] != '/')
        return bad_path(path, "with it the URL leads to another origin");
    return url;
}

}  // namespace handover::run
