#include "auth/login/redirect_uri.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <optional>

#include "text/printable.hpp"

namespace handover::auth::login {
namespace {

Failure refused(std::string_view text, std::string reason) {
    return fail(
        {.code = Errc::config_invalid,
         .message = "the redirect URI \"" + text::printable(text, 200) + "\" cannot be listened on",
         .reason = std::move(reason),
         .fix = "use http://localhost:PORT/PATH, or 127.0.0.1 or [::1]"});
}

std::optional<LoopbackHost> loopback_host(std::string_view host) {
    if (host == "localhost") return LoopbackHost::both;
    if (host == "127.0.0.1") return LoopbackHost::ipv4;
    if (host == "[::1]") return LoopbackHost::ipv6;
    return std::nullopt;
}

}  // namespace

Result<RedirectUri> parse_redirect_uri(std::string_view text) {
    const auto url = boost::urls::parse_uri({text.data(), text.size()});
    if (!url) return refused(text, "it is not a URL");
    if (url->scheme_id() != boost::urls::scheme::http)
        return refused(text, "its scheme is not http");
    if (url->has_userinfo()) return refused(text, "it carries user information");
    if (url->has_query() || url->has_fragment())
        return refused(text, "it has a query or a fragment");
    const std::string_view host(url->encoded_host().data(), url->encoded_host().size());
    const auto loopback = loopback_host(host);
    if (!loopback) return refused(text, "its host is not localhost, 127.0.0.1 or [::1]");
    const bool names_port = url->has_port() && !url->port().empty();
    if (names_port && url->port_number() == 0 && url->port() != "0") {
        return refused(text, "its port is not a number up to 65535");
    }
    const std::string path(url->encoded_path().data(), url->encoded_path().size());
    // Boost 1.81 takes the ".example" of "127.0.0.1.example" for a path.
    if (!path.empty() && path.front() != '/')
        return refused(text, "its host is not a loopback one");
    return RedirectUri{.text = std::string(text),
                       .host = *loopback,
                       .port = names_port ? url->port_number() : 80U,
                       .path = path.empty() ? "/" : path};
}

std::string with_port(const RedirectUri& uri, unsigned port) {
    if (uri.port != 0) return uri.text;
    auto text = uri.text;
    const auto colon = text.rfind(":0", text.find('/', std::string_view("http://").size()));
    return text.replace(colon + 1, 1, std::to_string(port));
}

}  // namespace handover::auth::login
