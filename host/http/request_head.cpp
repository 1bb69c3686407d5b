#include "http/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/header_rules.hpp"

namespace handover::http {
namespace {

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(value.empty() ? ":" : ": ").append(value).append("\r\n");
}

// Written below, or meant for the connection and not for the request; an answer is handed over as
// it comes, so nothing here would unpack it.
bool is_own(std::string_view name) {
    constexpr std::array own = {std::string_view("host"),
                                std::string_view("content-length"),
                                std::string_view("transfer-encoding"),
                                std::string_view("connection"),
                                std::string_view("keep-alive"),
                                std::string_view("te"),
                                std::string_view("trailer"),
                                std::string_view("upgrade"),
                                std::string_view("expect"),
                                std::string_view("accept-encoding")};
    return std::any_of(own.begin(), own.end(), [name](auto n) { return same_name(n, name); });
}

// The path and query as they stand in the URL (RFC 9112 section 3.2.1).
void append_origin_form(std::string& out, std::string_view url) {
    url.remove_prefix(url.find("//") + 2);
    const auto begin =
        std::find_if(url.begin(), url.end(), [](char c) { return c == '/' || c == '?'; });
    const auto rest = url.substr(static_cast<std::size_t>(begin - url.begin()));
    if (!rest.starts_with('/')) out += '/';
    out.append(rest);
}

bool announces_length(const Request& request, std::string_view body) {
    return !body.empty() || request.method == "POST" || request.method == "PUT" ||
           request.method == "PATCH";
}

void append_length(std::string& out, std::size_t length) {
    std::array<char, 20> digits = {};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), length).ptr;
    append_header(out, "Content-Length", {digits.data(), end});
}

// More than enough: a string that grows would leave a copy of the credential behind.
std::size_t most_bytes(const Request& request, const Target& target, std::string_view user_agent) {
    constexpr std::size_t around = 256;  // the names and values written here
    constexpr std::size_t per_header = std::string_view(": \r\n").size();
    auto size = around + request.method.size() + request.url.size() + target.host.size() +
                user_agent.size();
    for (const auto& header : request.headers) {
        size += header.name.size() + header.value.size() + per_header;
    }
    for (const auto& credential : request.credentials) {
        size += credential.name.size() + credential.value.reveal().size() + per_header;
    }
    return size;
}

}  // namespace

std::string_view body_of(const Request& request) {
    const auto secret = request.secret_body.reveal();
    if (!secret.empty()) return secret;
    return request.borrowed_body.empty() ? std::string_view(request.body) : request.borrowed_body;
}

void append_request_head(std::string& out,
                         const Request& request,
                         const Target& target,
                         std::string_view user_agent) {
    out.reserve(out.size() + most_bytes(request, target, user_agent));
    out.append(request.method).append(" ");
    append_origin_form(out, request.url);
    out.append(" HTTP/1.1\r\n");
    append_header(out, "Host", target.authority());
    bool says_agent = false;
    bool says_accept = false;
    for (const auto& header : request.headers) {
        if (is_own(header.name)) continue;
        says_agent = says_agent || same_name(header.name, "user-agent");
        says_accept = says_accept || same_name(header.name, "accept");
        append_header(out, header.name, header.value);
    }
    if (!says_agent) append_header(out, "User-Agent", user_agent);
    if (!says_accept) append_header(out, "Accept", "*/*");
    append_header(out, "Accept-Encoding", "identity");
    for (const auto& credential : request.credentials) {
        append_header(out, credential.name, credential.value.reveal());
    }
    const auto body = body_of(request);
    if (announces_length(request, body)) append_length(out, body.size());
    out.append("\r\n");
}

}  // namespace handover::http
