#include "auth/login/redirect_uri.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace handover::auth::login;

TEST_CASE("redirect URIs that can be listened on") {
    CHECK(parse_redirect_uri("http://localhost:1455/auth/callback").value() ==
          RedirectUri{.text = "http://localhost:1455/auth/callback",
                      .host = LoopbackHost::both,
                      .port = 1455,
                      .path = "/auth/callback"});
    CHECK(parse_redirect_uri("http://127.0.0.1:0/cb").value().host == LoopbackHost::ipv4);
    CHECK(parse_redirect_uri("http://127.0.0.1:0/cb").value().port == 0);
    CHECK(parse_redirect_uri("http://[::1]:65535/cb").value().host == LoopbackHost::ipv6);
    CHECK(parse_redirect_uri("http://localhost").value().port == 80);
    CHECK(parse_redirect_uri("http://localhost").value().path == "/");
}

TEST_CASE("redirect URIs that cannot") {
    for (const auto* bad : {"",
                            "localhost:1455",
                            "https://localhost:1455/cb",
                            "com.example:/cb",
                            "http://example.com/cb",
                            "http://0.0.0.0:1/cb",
                            "http://localhost:65536/cb",
                            "http://localhost:x/cb",
                            "http://localhost:1/cb?a=b",
                            "http://localhost:1/cb#a",
                            "http://me@localhost:1/cb",
                            "http://localhost.example:1/cb",
                            "http://127.0.0.1.example/cb"}) {
        CAPTURE(bad);
        const auto uri = parse_redirect_uri(bad);
        REQUIRE_FALSE(uri);
        CHECK(uri.error().code == Errc::config_invalid);
    }
}

TEST_CASE("the URI to send has the real port") {
    const auto sent = [](const char* text) {
        return with_port(parse_redirect_uri(text).value(), 4711);
    };
    CHECK(sent("http://localhost:0/auth:0/cb") == "http://localhost:4711/auth:0/cb");
    CHECK(sent("http://[::1]:0/cb") == "http://[::1]:4711/cb");
    CHECK(sent("http://127.0.0.1:0") == "http://127.0.0.1:4711");
    CHECK(sent("http://localhost:1455/cb") == "http://localhost:1455/cb");
}
