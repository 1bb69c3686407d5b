#include "auth/login/page.hpp"

#include <fmt/format.h>

#include "crypto/crypto.hpp"
#include "secret/secret.hpp"
#include "text/encoding.hpp"
#include "text/printable.hpp"

namespace handover::auth::login {
namespace {

constexpr std::string_view style = R"(:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 system-ui,sans-serif;background:#f6f6f4;color:#1c1c1a}
main{max-width:34rem;margin:1.5rem;padding:2rem 2.25rem;border-radius:12px;background:#fff;border:1px solid #ddd}
h1{margin:0 0 .75rem;font-size:1.35rem}p{margin:.5rem 0;overflow-wrap:anywhere}.code{font:.85rem ui-monospace,monospace;opacity:.7}
.ok h1{color:#136c38}.bad h1{color:#a3261d}
@media(prefers-color-scheme:dark){body{background:#161615;color:#ecebe6}main{background:#20201e;border-color:#3a3a36}.ok h1{color:#6fd39a}.bad h1{color:#ff9b8f}})";

// The one style above is allowed by its hash; everything else is not.
std::string content_security_policy() {
    const auto digest = crypto::sha256(style);
    const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    return "default-src 'none'; style-src 'sha256-" + text::base64_encode(bytes) +
           "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

std::string_view status_text(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 431:
            return "Request Header Fields Too Large";
        default:
            return "Bad Request";
    }
}

std::string response(int status, std::string_view content_type, std::string_view body) {
    return fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: "
        "nosniff\r\n"
        "Content-Security-Policy: {}\r\n{}\r\n{}",
        status,
        status_text(status),
        content_type,
        body.size(),
        content_security_policy(),
        status == 405 ? "Allow: GET\r\n" : "",
        body);
}

std::string page(std::string_view kind, std::string_view title, std::string_view inner) {
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Handover: "
        "{0}</title>"
        "<style>{1}</style></head>\n<body><main "
        "class=\"{2}\"><h1>{0}</h1>{3}</main></body></html>\n",
        title,
        style,
        kind,
        inner);
}

std::string paragraph(std::string_view text) {
    return text.empty() ? std::string()
                        : "<p>" + escape_html(text::printable(redact(text), 600)) + "</p>";
}

}  // namespace

std::string escape_html(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out.push_back(c);
        }
    }
    return out;
}

std::string success_response(const std::string& provider) {
    const auto inner = paragraph("You are signed in to " + provider + ".") +
                       paragraph("You can close this window and go back to the terminal.");
    return response(200, "text/html; charset=utf-8", page("ok", "Signed in", inner));
}

std::string failure_response(const Error& error) {
    const auto inner = paragraph(error.message + ".") + paragraph(error.reason) +
                       paragraph("Nothing was stored. The terminal says how to go on.") +
                       "<p class=\"code\">" + std::string(code_name(error.code)) + "</p>";
    return response(400, "text/html; charset=utf-8", page("bad", "Sign-in failed", inner));
}

std::string refusal_response(int status) {
    return response(status, "text/plain; charset=utf-8", std::string(status_text(status)) + "\n");
}

}  // namespace handover::auth::login
