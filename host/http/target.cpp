#include "http/target.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cctype>

#include "text/printable.hpp"

namespace handover::http {
namespace {

Failure bad_url(std::string_view url, std::string reason) {
    return fail({.code = Errc::config_invalid,
                 .message = "not a usable URL: " + text::printable(url, 200),
                 .reason = std::move(reason),
                 .fix = "use a URL like https://api.example.com/v1"});
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return out;
}

bool is_loopback(const boost::urls::url_view& url, std::string_view host) {
    switch (url.host_type()) {
        case boost::urls::host_type::ipv4:
            return url.host_ipv4_address().is_loopback();
        case boost::urls::host_type::ipv6:
            return url.host_ipv6_address().is_loopback();
        case boost::urls::host_type::name:
            return host == "localhost" || host.ends_with(".localhost");
        default:
            return false;
    }
}

std::uint16_t own_port(std::string_view scheme) {
    return scheme == "https" ? 443 : 80;
}

}  // namespace

std::string Target::authority() const {
    auto text = host.find(':') == std::string::npos ? host : '[' + host + ']';
    if (port != own_port(scheme)) text += ':' + std::to_string(port);
    return text;
}

Result<Target> parse_target(std::string_view url) {
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed) return bad_url(url, "it does not parse as an absolute URL");
    const auto& view = *parsed;
    const auto scheme = lower(view.scheme());
    if (scheme != "http" && scheme != "https")
        return bad_url(url, "only http and https are spoken");
    // Boost.URL 1.81 ends the host of "127.0.0.1.example.com" after the fourth number and takes the
    // rest for a path. Whoever resolves the name sees another host.
    const auto begin = url.find("//") + 2;
    if (url.substr(begin, url.find_first_of("/?#", begin) - begin) !=
        std::string_view(view.encoded_authority()))
        return bad_url(url, "its host is no host name");
    if (view.has_userinfo()) return bad_url(url, "it carries a user name");
    if (view.has_fragment()) return bad_url(url, "it carries a fragment");
    const auto host = lower(view.host_address());
    if (host.empty()) return bad_url(url, "it names no host");
    // port_number() may wrap: it counts only if it says what stands there.
    if (view.has_port() && (view.port_number() == 0 ||
                            std::to_string(view.port_number()) != std::string_view(view.port()))) {
        return bad_url(url, "its port is not a number from 1 to 65535");
    }
    return Target{.scheme = scheme,
                  .host = host,
                  .port = view.has_port() ? view.port_number() : own_port(scheme),
                  .loopback = is_loopback(view, host)};
}

}  // namespace handover::http
