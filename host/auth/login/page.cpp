#include "auth/login/page.hpp"

#include <fmt/format.h>

#include "crypto/crypto.hpp"
#include "secret/secret.hpp"
#include "text/encoding.hpp"
#include "text/printable.hpp"

namespace handover::auth::login {
namespace {

constexpr std::string_view style =
    R"(:root{color-scheme:light dark;--back:#f4f4f1;--card:#fff;--line:#dededa;--text:#1d1d1b;--soft:#5d5d58;--mark:#12683a}
.bad{--mark:#a8281e}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.55 system-ui,sans-serif;background:var(--back);color:var(--text)}
main{box-sizing:border-box;width:min(33rem,100% - 2rem);margin:1rem;padding:2rem 2.25rem 1.25rem;border-radius:14px;background:var(--card);border:1px solid var(--line)}
svg{display:block;width:44px;height:44px;fill:none;stroke:var(--mark);stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
h1{margin:1rem 0 .5rem;font-size:1.4rem;line-height:1.25}p{margin:.5rem 0;overflow-wrap:anywhere}
.said{margin:.9rem 0;padding-left:.9rem;border-left:3px solid var(--mark)}.soft{text-wrap:balance}.soft,footer{color:var(--soft)}
footer{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem 1rem;margin-top:1.5rem;padding-top:.9rem;border-top:1px solid var(--line);font-size:.85rem}
code{font:inherit;font-family:ui-monospace,monospace}
@media(prefers-color-scheme:dark){:root{--back:#151514;--card:#20201e;--line:#3a3a36;--text:#eceae4;--soft:#a9a79f;--mark:#72d29c}.bad{--mark:#ff9c90}})";

constexpr std::string_view tick =
    "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"10.5\"/>"
    "<path d=\"M7.5 12.5l3 3 6-6.5\"/></svg>";
constexpr std::string_view cross =
    "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"10.5\"/>"
    "<path d=\"M8.5 8.5l7 7m0-7l-7 7\"/></svg>";

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

// What a page shows; its texts are HTML already.
struct Page {
    std::string_view kind = {};  // class of the body
    std::string_view icon = {};
    std::string_view title = {};
    std::string inner = {};
    std::string footer = {};
};

std::string print(const Page& page) {
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Handover: "
        "{0}</title><style>{1}</style></head>\n"
        "<body class=\"{2}\"><main>{3}<h1>{0}</h1>{4}<footer><span>Handover</span>{5}</footer>"
        "</main></body></html>\n",
        page.title,
        style,
        page.kind,
        page.icon,
        page.inner,
        page.footer);
}

// A text from inside or outside as a sentence: our errors begin in lower case and end without a
// full stop.
std::string sentence(std::string_view text) {
    auto shown = text::printable(redact(text), 600);
    if (shown.empty()) return shown;
    if (shown.front() >= 'a' && shown.front() <= 'z')
        shown.front() = static_cast<char>(shown.front() - 'a' + 'A');
    constexpr std::string_view ends = ".!?";
    if (ends.find(shown.back()) == std::string_view::npos) shown += '.';
    return shown;
}

std::string paragraph(std::string_view text, std::string_view kind = {}) {
    if (text.empty()) return {};
    const auto attribute = kind.empty() ? std::string() : fmt::format(" class=\"{}\"", kind);
    return fmt::format("<p{}>{}</p>", attribute, escape_html(sentence(text)));
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
    const Page page = {
        .kind = "ok",
        .icon = tick,
        .title = "Signed in",
        .inner = paragraph("You are signed in to " + provider) +
                 paragraph("You can close this window and go back to the terminal", "soft")};
    return response(200, "text/html; charset=utf-8", print(page));
}

std::string failure_response(const Error& error) {
    const Page page = {
        .kind = "bad",
        .icon = cross,
        .title = "Sign-in failed",
        .inner = paragraph(error.message) + paragraph(error.reason, "said") +
                 paragraph("Nothing was stored. The terminal says how to go on", "soft"),
        .footer = fmt::format("<code>{}</code>", code_name(error.code))};
    return response(400, "text/html; charset=utf-8", print(page));
}

std::string refusal_response(int status) {
    return response(status, "text/plain; charset=utf-8", std::string(status_text(status)) + "\n");
}

}  // namespace handover::auth::login
