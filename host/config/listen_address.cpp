#include "config/listen_address.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace handover::config {
namespace {

constexpr std::string_view unix_scheme = "unix:";
constexpr std::size_t longest_unix_path = 107;  // sockaddr_un, without the NUL

std::optional<ListenAddress> parse_unix(std::string_view path) {
    if (path.empty() || path.size() > longest_unix_path) return std::nullopt;
    if (path.find('\0') != std::string_view::npos) return std::nullopt;
    return ListenAddress{.unix_path = std::string(path)};
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return port;
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
    if (text.starts_with(unix_scheme)) return parse_unix(text.substr(unix_scheme.size()));
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    const auto port = parse_port(text.substr(colon + 1));
    if (!port) return std::nullopt;
    ListenAddress listen{.address = std::string(text.substr(0, colon)), .port = *port};
    if (listen.address == "localhost") listen.address = "127.0.0.1";
    listen.ipv6 =
        listen.address.size() > 2 && listen.address.front() == '[' && listen.address.back() == ']';
    if (listen.ipv6) listen.address = listen.address.substr(1, listen.address.size() - 2);
    in6_addr room = {};
    const int family = listen.ipv6 ? AF_INET6 : AF_INET;
    if (inet_pton(family, listen.address.c_str(), &room) != 1) return std::nullopt;
    return listen;
}

std::string to_text(const ListenAddress& listen) {
    if (!listen.unix_path.empty()) return std::string(unix_scheme) + listen.unix_path;
    const auto address = listen.ipv6 ? '[' + listen.address + ']' : listen.address;
    return address + ':' + std::to_string(listen.port);
}

}  // namespace handover::config
