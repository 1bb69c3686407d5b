#include "config/url.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <cctype>

namespace handover::config {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return result;
}

bool is_port(std::string_view text) {
    constexpr int most_digits = 5;
    return !text.empty() && text.size() <= most_digits &&
           std::all_of(
               text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

bool Url::loopback() const {
    if (host == "localhost" || host == "[::1]") return true;
    const auto parsed = boost::urls::parse_ipv4_address(host);
    return parsed.has_value() && parsed->is_loopback();
}

std::string Url::origin() const {
    const int usual = scheme == "https" ? 443 : 80;
    return scheme + "://" + host +
           (port.value_or(usual) == usual ? std::string() : ":" + std::to_string(*port));
}

std::optional<Url> parse_url(std::string_view text) {
    const auto parsed = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
    if (!parsed) return std::nullopt;
    const auto& view = *parsed;
    const auto copy = [](auto part) { return std::string(part.data(), part.size()); };
    Url url;
    url.scheme = lower(copy(view.scheme()));
    if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
    url.host = lower(copy(view.encoded_host()));
    // Boost.URL 1.81 ends the host of "127.0.0.1.example.com" after the fourth number and takes the
    // rest for a path. Whoever resolves the name sees another host: refused.
    const auto authority = copy(view.encoded_authority());
    const auto begin = text.find("//") + 2;
    if (text.substr(begin, text.find_first_of("/?#", begin) - begin) != authority)
        return std::nullopt;
    // A percent-encoded host says one thing to people and another to a resolver.
    if (url.host.empty() || url.host.find('%') != std::string::npos) return std::nullopt;
    if (view.has_port() && !view.port().empty()) {
        const auto port = copy(view.port());
        if (!is_port(port) || std::stoi(port) > 65535) return std::nullopt;
        url.port = std::stoi(port);
    }
    url.path = copy(view.encoded_path());
    url.has_userinfo = view.has_userinfo();
    url.has_query = view.has_query();
    url.has_fragment = view.has_fragment();
    return url;
}

std::string url_fault(std::string_view text) {
    const auto url = parse_url(text);
    if (!url) return "must be an absolute https URL";
    if (url->has_userinfo) return "must not carry a user name or password";
    if (url->has_query) return "must not carry a query";
    if (url->has_fragment) return "must not carry a fragment";
    if (url->scheme == "http" && !url->loopback())
        return "must be https (http is for loopback addresses only)";
    return {};
}

}  // namespace handover::config
