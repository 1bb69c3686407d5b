#include "run/outgoing_request.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "http/header_rules.hpp"

namespace handover::run {
namespace {

constexpr std::array<std::string_view, 11> host_headers = {"Host",
                                                           "Connection",
                                                           "Content-Length",
                                                           "Transfer-Encoding",
                                                           "TE",
                                                           "Trailer",
                                                           "Upgrade",
                                                           "Expect",
                                                           "Cookie",
                                                           "Authorization",
                                                           "Accept-Encoding"};

bool is_owned(std::string_view name, const std::vector<http::SecretHeader>& credentials) {
    return is_host_header(name) ||
           std::any_of(credentials.begin(), credentials.end(), [&](const auto& credential) {
               return http::same_name(credential.name, name);
           });
}

void put(std::vector<http::Header>& headers, const std::string& name, const std::string& value) {
    std::erase_if(headers, [&](const auto& header) { return http::same_name(header.name, name); });
    headers.push_back({.name = name, .value = value});
}

void put_missing(std::vector<http::Header>& headers, const char* name, const char* value) {
    if (!http::find_header(headers, name)) headers.push_back({.name = name, .value = value});
}

Failure no_such_host(const providers::Provider& provider, std::uint32_t index) {
    return fail({.code = Errc::plugin_failed,
                 .message = "the plugin " + provider.plugin + " named host " +
                            std::to_string(index) + ", its manifest lists " +
                            std::to_string(provider.hosts.size()),
                 .reason = {},
                 .fix = "report this to the plugin's author"});
}

}  // namespace

bool is_host_header(std::string_view name) {
    const auto same = [&](std::string_view owned) { return http::same_name(owned, name); };
    constexpr std::string_view proxy = "proxy-";
    return std::any_of(host_headers.begin(), host_headers.end(), same) ||
           http::same_name(name.substr(0, proxy.size()), proxy);
}

Result<http::Request> outgoing_request(const providers::Provider& provider,
                                       const Destination& destination,
                                       const plugins::PreparedRequest& prepared,
                                       std::string_view body,
                                       std::vector<http::SecretHeader> credentials) {
    if (prepared.host && *prepared.host >= destination.hosts.size())
        return no_such_host(provider, *prepared.host);
    const auto& base = prepared.host ? destination.hosts[*prepared.host] : destination.base;
    if (!base) return base.failure();
    auto url = url_below(*base, prepared.path, provider.query);
    if (!url) return url.failure();
    http::Request request = {.method = prepared.method,
                             .url = *std::move(url),
                             .borrowed_body = body,
                             .target = base->target};
    request.headers.reserve(prepared.headers.size() + provider.headers.size() + 2);
    for (const auto& header : prepared.headers) {
        if (!is_owned(header.name, credentials)) request.headers.push_back(header);
    }
    for (const auto& [name, value] : provider.headers) {
        if (!is_owned(name, credentials)) put(request.headers, name, value);
    }
    if (!body.empty()) put_missing(request.headers, "Content-Type", "application/json");
    put_missing(request.headers,
                "Accept",
                prepared.upstream_streams ? "text/event-stream" : "application/json");
    request.credentials = std::move(credentials);
    return request;
}

}  // namespace handover::run
