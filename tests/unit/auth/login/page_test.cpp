#include "auth/login/page.hpp"

#include <catch2/catch.hpp>

#include "secret/secret.hpp"

using namespace handover;
using namespace handover::auth::login;

namespace {

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("pages: escaped, self-contained, with their headers") {
    const auto success = success_response("<codex>");
    const auto failure =
        failure_response({.code = Errc::auth_denied,
                          .message = "no \"entry\"",
                          .reason = "they say '<script>alert(1)</script>' & more\x1b[31m",
                          .fix = {}});
    CHECK(has(success, "&lt;codex&gt;"));
    CHECK(has(failure, "&lt;script&gt;"));
    CHECK(has(failure, "AUTH_DENIED"));
    for (const auto& page : {success, failure}) {
        for (const auto* header :
             {"\r\nConnection: close\r\n",
              "\r\nCache-Control: no-store\r\n",
              "\r\nReferrer-Policy: no-referrer\r\n",
              "\r\nX-Content-Type-Options: nosniff\r\n",
              "Content-Security-Policy: default-src 'none'; style-src 'sha256-"}) {
            CAPTURE(header);
            CHECK(has(page, header));
        }
        CHECK(has(page, "prefers-color-scheme:dark"));
        for (const auto* outside : {"<script", "src=", "href=", "url(", "@import", "\x1b"}) {
            CAPTURE(outside);
            CHECK_FALSE(has(page, outside));
        }
        const auto body = page.substr(page.find("\r\n\r\n") + 4);
        CHECK(has(page, "Content-Length: " + std::to_string(body.size()) + "\r\n"));
    }
    CHECK(success.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(refusal_response(404).starts_with("HTTP/1.1 404 Not Found\r\n"));
    CHECK(has(refusal_response(405), "\r\nAllow: GET\r\n"));
}

TEST_CASE("pages: what our errors say becomes sentences") {
    const auto failure = failure_response({.code = Errc::auth_denied,
                                           .message = "the sign-in was refused",
                                           .reason = "why? Nobody knows!",
                                           .fix = {}});
    CHECK(has(failure, "<p>The sign-in was refused.</p>"));
    CHECK(has(failure, ">Why? Nobody knows!</p>"));
    CHECK(has(success_response("codex"), "<p>You are signed in to codex.</p>"));
    const auto bare =
        failure_response({.code = Errc::auth_denied, .message = "m", .reason = {}, .fix = {}});
    CHECK_FALSE(has(bare, "<p class=\"said\">"));
}

TEST_CASE("pages: a secret that an authority echoes does not show") {
    const Secret code("sandbox-code-1234");
    CHECK_FALSE(has(failure_response({.code = Errc::auth_denied,
                                      .message = "m",
                                      .reason = "bad code sandbox-code-1234",
                                      .fix = {}}),
                    "sandbox-code-1234"));
}
