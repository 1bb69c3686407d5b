#include "config/front_settings.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "config/table_reader.hpp"
#include "config/url.hpp"

namespace handover::config {
namespace {

constexpr int most_connections = 1'000'000;

void read_positive(TableReader& serve, std::string_view key, std::chrono::milliseconds& target) {
    if (const auto value = serve.duration(key)) target = *value;
    if (target.count() == 0) serve.wrong(key, "must be longer than nothing");
}

// A name or an address, without port, brackets or anything else.
bool is_host_name(const std::string& name) {
    const auto fits = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '-' || c == '_' || c == ':';
    };
    const auto colons = std::count(name.begin(), name.end(), ':');
    return !name.empty() && colons != 1 && std::all_of(name.begin(), name.end(), fits);
}

// scheme://host[:port], as browsers send it, or "*".
bool is_origin(const std::string& origin) {
    if (origin == "*" || origin == "null") return true;
    const auto slashes = origin.find("://");
    return slashes != std::string::npos && slashes > 0 && slashes + 3 < origin.size() &&
           origin.find_first_of("/ ,\t", slashes + 3) == std::string::npos && !has_control(origin);
}

void read_list(TableReader& serve,
               std::string_view key,
               bool (*fits)(const std::string&),
               std::string_view wanted,
               std::vector<std::string>& target) {
    auto values = serve.strings(key);
    if (!values) return;
    for (const auto& value : *values) {
        if (!fits(value)) serve.wrong(key, in_quotes(value) + " is not " + std::string(wanted));
    }
    target = std::move(*values);
}

void read_tls(TableReader& serve, FrontSettings& settings) {
    for (auto [key, target] : {std::pair("tls_certificate", &settings.tls_certificate),
                               std::pair("tls_key", &settings.tls_key)}) {
        if (auto path = serve.string(key)) *target = std::move(*path);
        if (has_control(*target)) serve.wrong(key, "has a control character");
    }
    if (settings.tls_certificate.empty() == settings.tls_key.empty()) return;
    serve.wrong(settings.tls_key.empty() ? "tls_key" : "tls_certificate",
                "is needed as well: TLS takes tls_certificate and tls_key, or neither");
}

}  // namespace

void read_front_settings(TableReader& serve, FrontSettings& settings) {
    read_list(serve, "hosts", is_host_name, "a host's name without a port", settings.hosts);
    read_list(serve,
              "origins",
              is_origin,
              "an origin like \"https://app.example.com\"",
              settings.origins);
    read_tls(serve, settings);
    if (const auto most = serve.integer("max_connections", 1, most_connections))
        settings.max_connections = *most;
    read_positive(serve, "head_timeout", settings.head_timeout);
    read_positive(serve, "body_timeout", settings.body_timeout);
    read_positive(serve, "keep_alive", settings.keep_alive);
    read_positive(serve, "stall_timeout", settings.stall_timeout);
    read_positive(serve, "stream_keep_alive", settings.stream_keep_alive);
    if (const auto grace = serve.duration("grace")) settings.grace = *grace;
}

}  // namespace handover::config
