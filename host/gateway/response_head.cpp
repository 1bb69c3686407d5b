#include "gateway/response_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "http/header_rules.hpp"

namespace handover::gateway {
namespace {

constexpr std::size_t tail_size = 4;  // CR LF CR LF

constexpr std::array own_headers = {std::string_view("connection"),
                                    std::string_view("content-length"),
                                    std::string_view("transfer-encoding"),
                                    std::string_view("keep-alive"),
                                    std::string_view("proxy-connection"),
                                    std::string_view("proxy-authenticate"),
                                    std::string_view("te"),
                                    std::string_view("trailer"),
                                    std::string_view("date"),
                                    std::string_view("x-request-id")};

bool is_own_header(std::string_view name) {
    return std::any_of(own_headers.begin(), own_headers.end(), [&](std::string_view own) {
        return own.size() == name.size() && http::same_name(own, name);
    });
}

constexpr std::pair<int, std::string_view> phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

}  // namespace

std::string_view reason_phrase(int status) {
    const auto* const found = std::find_if(std::begin(phrases),
                                           std::end(phrases),
                                           [&](const auto& one) { return one.first == status; });
    return found == std::end(phrases) ? std::string_view() : found->second;
}

std::string http_date(std::time_t time) {
    constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm parts = {};
    gmtime_r(&time, &parts);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                       days.at(static_cast<std::size_t>(parts.tm_wday)),
                       parts.tm_mday,
                       months.at(static_cast<std::size_t>(parts.tm_mon)),
                       parts.tm_year + 1900,
                       parts.tm_hour,
                       parts.tm_min,
                       parts.tm_sec);
}

void append_head(std::string& out, int status, std::span<const http::Header> headers) {
    out.append("HTTP/1.1 ").append(fmt::format_int(status).c_str()).append(" ");
    out.append(reason_phrase(status)).append("\r\n");
    append_fields(out, headers);
}

void append_fields(std::string& out, std::span<const http::Header> headers) {
    for (const auto& [name, value] : headers) append_field(out, name, value);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    if (is_own_header(name) || !http::is_token(name) || !http::is_header_value(value)) return;
    out.append(name).append(": ").append(value).append("\r\n");
}

void EventBoundary::feed(std::string_view bytes) {
    const auto last = bytes.substr(bytes.size() - std::min(bytes.size(), tail_size));
    tail_.append(last);
    if (tail_.size() > tail_size) tail_.erase(0, tail_.size() - tail_size);
}

bool EventBoundary::between_events() const {
    return tail_.empty() || tail_.ends_with("\n\n") || tail_.ends_with("\r\n\r\n") ||
           tail_.ends_with("\r\r");
}

}  // namespace handover::gateway
