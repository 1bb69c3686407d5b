#include "gateway/admission.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "http/header_rules.hpp"

namespace handover::gateway {
namespace {

std::string_view without_port(std::string_view host) {
    auto digits = host;
    while (!digits.empty() && digits.back() >= '0' && digits.back() <= '9') digits.remove_suffix(1);
    const bool bracketed = host.starts_with('[');
    const bool port = digits.ends_with(':') && (!bracketed || host.find(']') == digits.size() - 2);
    auto name = port ? host.substr(0, digits.size() - 1) : host;
    if (name.size() > 2 && name.front() == '[' && name.back() == ']')
        name = name.substr(1, name.size() - 2);
    if (name.ends_with('.')) name.remove_suffix(1);  // the root of DNS
    return name;
}

bool is_address(std::string_view name) {
    const std::string text(name);
    in6_addr room = {};
    return inet_pton(AF_INET, text.c_str(), &room) == 1 ||
           inet_pton(AF_INET6, text.c_str(), &room) == 1;
}

bool is_localhost(std::string_view name) {
    constexpr std::string_view localhost = "localhost";
    if (name.size() < localhost.size()) return false;
    const auto last = name.substr(name.size() - localhost.size());
    const auto before = name.substr(0, name.size() - localhost.size());
    return http::same_name(last, localhost) && (before.empty() || before.ends_with('.'));
}

bool is_allowed_origin(std::string_view origin, const std::vector<std::string>& origins) {
    return std::any_of(origins.begin(), origins.end(), [&](const std::string& allowed) {
        return allowed == "*" || http::same_name(allowed, origin);
    });
}

ApiError refused_host() {
    return {.status = 403,
            .message =
                "this gateway is not known by the name in the Host header; name it in "
                "[serve] hosts if it is right",
            .code = "host_not_allowed"};
}

ApiError refused_origin() {
    return {.status = 403,
            .message =
                "pages of this origin may not use this gateway; list it in [serve] origins "
                "if they may",
            .code = "origin_not_allowed"};
}

ApiError no_websocket() {
    return {.status = 426,
            .message = "there is no WebSocket here; send the request with POST",
            .code = "websocket_unsupported",
            .headers = {{"Upgrade", "HTTP/1.1"}},
            .should_retry = false};
}

ApiError wrong_key(bool shown) {
    return {.status = 401,
            .message = shown ? "this is not a key of this gateway; `handover serve --print-env` "
                               "shows one"
                             : "a key of this gateway is needed, as Authorization: Bearer hok_...; "
                               "`handover serve --print-env` shows one",
            .code = "invalid_api_key",
            .headers = {{"WWW-Authenticate", "Bearer"}},
            .should_retry = false};
}

// Bearer (RFC 6750) first, then the headers of other services' clients.
std::string_view shown_key(const RequestHead& head) {
    constexpr std::string_view scheme = "bearer ";
    if (head.authorization && head.authorization->size() > scheme.size() &&
        http::same_name(head.authorization->substr(0, scheme.size()), scheme)) {
        auto key = head.authorization->substr(scheme.size());
        key.remove_prefix(std::min(key.find_first_not_of(' '), key.size()));
        return key;
    }
    if (head.x_api_key) return *head.x_api_key;
    return head.api_key.value_or(std::string_view());
}

bool asks_for_websocket(const RequestHead& head) {
    constexpr std::string_view websocket = "websocket";
    return head.upgrade.size() >= websocket.size() &&
           http::same_name(head.upgrade.substr(0, websocket.size()), websocket);
}

bool is_preflight(const RequestHead& head) {
    return head.method == "OPTIONS" &&
           std::any_of(head.headers.begin(), head.headers.end(), [](const HeaderView& header) {
               return http::same_name(header.name, "access-control-request-method");
           });
}

Admission refuse(ApiError error) {
    return {.refused = std::move(error)};
}

}  // namespace

bool is_loopback_address(std::string_view address) {
    const std::string text(address);
    in_addr v4 = {};
    if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
    in6_addr v6 = {};
    return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_allowed_host(std::string_view host,
                     const std::vector<std::string>& hosts,
                     Entrance entrance) {
    if (entrance == Entrance::local) return true;
    const auto name = without_port(host);
    if (is_localhost(name) || is_loopback_address(name)) return true;
    if (entrance == Entrance::remote && is_address(name)) return true;
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& allowed) {
        return http::same_name(allowed, name);
    });
}

std::vector<http::Header> cors_headers(std::string_view origin, bool preflight) {
    std::vector<http::Header> headers = {
        {"Access-Control-Allow-Origin", std::string(origin)},
        {"Vary", "Origin"},
        {"Access-Control-Expose-Headers",
         "x-request-id, x-should-retry, retry-after, x-handover-provider"}};
    if (preflight) {
        headers.push_back({"Access-Control-Allow-Methods", "GET, POST"});
        headers.push_back(
            {"Access-Control-Allow-Headers",
             "authorization, content-type, x-api-key, api-key, x-stainless-arch, "
             "x-stainless-lang, x-stainless-os, x-stainless-package-version, "
             "x-stainless-retry-count, x-stainless-runtime, "
             "x-stainless-runtime-version, x-stainless-timeout, x-stainless-helper-method, "
             "openai-organization, openai-project, openai-beta"});
        headers.push_back({"Access-Control-Max-Age", "600"});
    }
    return headers;
}

Admission admit(const RequestHead& head, const AdmissionRules& rules, Entrance entrance) {
    if (head.host && !is_allowed_host(*head.host, rules.hosts, entrance))
        return refuse(refused_host());
    if (head.origin && !is_allowed_origin(*head.origin, rules.origins))
        return refuse(refused_origin());
    Admission admission;
    if (head.origin) admission.allowed_origin = *head.origin;
    if (asks_for_websocket(head)) {
        admission.refused = no_websocket();
        return admission;
    }
    admission.preflight = head.origin && is_preflight(head);
    if (admission.preflight || head.path == "/healthz") return admission;
    const auto shown = shown_key(head);
    const auto* key = shown.empty() ? nullptr : find_key(rules.keys, shown);
    if (key == nullptr) {
        admission.refused = wrong_key(!shown.empty());
    } else {
        admission.key_name = key->name;
    }
    return admission;
}

}  // namespace handover::gateway
