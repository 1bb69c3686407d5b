#include "auth/oauth2/endpoint_url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>

#include "text/printable.hpp"

namespace handover::auth::oauth2 {
namespace {

constexpr std::size_t longest_url = 4096;

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

std::string_view view(boost::urls::string_view text) {
    return {text.data(), text.size()};
}

// An absolute http or https URL with a host.
std::optional<boost::urls::url_view> parse_http_url(std::string_view url) {
    if (url.size() > longest_url) return std::nullopt;
    const auto parsed = boost::urls::parse_uri({url.data(), url.size()});
    if (!parsed) return std::nullopt;
    const auto scheme = parsed->scheme_id();
    if (scheme != boost::urls::scheme::http && scheme != boost::urls::scheme::https) {
        return std::nullopt;
    }
    if (!parsed->has_authority() || parsed->encoded_host().empty()) return std::nullopt;
    // Boost 1.81 ends the host of "127.0.0.1.example.com" after the fourth number and takes the
    // rest for a path; what connects does not.
    const auto path = parsed->encoded_path();
    if (!path.empty() && path.front() != '/') return std::nullopt;
    return *parsed;
}

Failure refused(std::string_view url, std::string_view name, std::string reason) {
    return fail({.code = Errc::config_invalid,
                 .message = "the " + std::string(name) + " \"" + text::printable(url, 200) +
                            "\" cannot be used",
                 .reason = std::move(reason),
                 .fix = "give an https URL, or http on a loopback address"});
}

// inet_pton takes the whole text or nothing; Boost 1.81's parse_ipv4_address is content with a
// prefix.
bool is_loopback_v4(const std::string& host) {
    in_addr address = {};
    return inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24U == 127;
}

bool is_loopback_v6(const std::string& host) {
    in6_addr address = {};
    return inet_pton(AF_INET6, host.c_str(), &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
}

}  // namespace

bool is_loopback_host(std::string_view host) {
    const std::string text(host);
    if (text.find('\0') != std::string::npos) return false;
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
        return is_loopback_v6(text.substr(1, text.size() - 2));
    }
    return lower(text) == "localhost" || is_loopback_v4(text) || is_loopback_v6(text);
}

bool is_loopback_url(std::string_view url) {
    const auto parsed = parse_http_url(url);
    return parsed && is_loopback_host(view(parsed->encoded_host()));
}

Result<void> check_endpoint_url(std::string_view url, std::string_view name) {
    const auto parsed = parse_http_url(url);
    if (!parsed) return refused(url, name, "it is not an absolute http or https URL");
    if (parsed->has_userinfo()) return refused(url, name, "it carries user information");
    if (parsed->has_fragment()) return refused(url, name, "it has a fragment");
    const bool https = parsed->scheme_id() == boost::urls::scheme::https;
    if (!https && !is_loopback_host(view(parsed->encoded_host()))) {
        return refused(url, name, "plain http is for loopback addresses only");
    }
    return {};
}

std::optional<std::string> origin_of(std::string_view url) {
    const auto parsed = parse_http_url(url);
    if (!parsed) return std::nullopt;
    const bool https = parsed->scheme_id() == boost::urls::scheme::https;
    auto origin = std::string(https ? "https://" : "http://") + lower(view(parsed->encoded_host()));
    const auto port = parsed->port_number();
    const unsigned default_port = https ? 443 : 80;
    if (parsed->has_port() && !parsed->port().empty() && port != default_port) {
        origin += ":" + std::to_string(port);
    }
    return origin;
}

}  // namespace handover::auth::oauth2
