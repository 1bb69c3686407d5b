#include "auth/oauth2/endpoint_url.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace handover::auth::oauth2;

TEST_CASE("endpoint URLs") {
    for (const auto* good : {"https://example.com/oauth/token",
                             "https://example.com",
                             "https://example.com/a?tenant=x",
                             "http://localhost:9000/token",
                             "http://LOCALHOST/token",
                             "http://127.0.0.1/token",
                             "http://127.8.9.10:1/token",
                             "http://[::1]:9000/token"}) {
        CAPTURE(good);
        CHECK(check_endpoint_url(good, "token endpoint"));
    }
    for (const auto* bad : {"",
                            "/token",
                            "example.com/token",
                            "ftp://example.com/token",
                            "file:///etc/passwd",
                            "http://example.com/token",
                            "http://127.0.0.1.example.com/token",
                            "http://localhost.example.com/token",
                            "http://128.0.0.1/token",
                            "http://[::2]/token",
                            "http://0.0.0.0/token",
                            "https://user@example.com/token",
                            "https://user:word@example.com/token",
                            "http://127.0.0.1@example.com/token",
                            "https://example.com/token#fragment",
                            "https://",
                            "https:///token",
                            "https://exam ple.com/",
                            "https://example.com/\r\nHost: x",
                            " https://example.com"}) {
        CAPTURE(bad);
        const auto checked = check_endpoint_url(bad, "token endpoint");
        REQUIRE_FALSE(checked);
        CHECK(checked.error().code == Errc::config_invalid);
        CHECK(checked.error().message.find("token endpoint") != std::string::npos);
    }
}

TEST_CASE("origins") {
    CHECK(origin_of("https://Example.COM/a/b?c") == "https://example.com");
    CHECK(origin_of("https://example.com:443/") == "https://example.com");
    CHECK(origin_of("https://example.com:444/") == "https://example.com:444");
    CHECK(origin_of("http://127.0.0.1:80") == "http://127.0.0.1");
    CHECK(origin_of("http://127.0.0.1:443") == "http://127.0.0.1:443");
    CHECK(origin_of("http://[::1]:9000/x") == "http://[::1]:9000");
    CHECK(origin_of("https://a@b.example/") == "https://b.example");
    CHECK_FALSE(origin_of("example.com"));
    CHECK_FALSE(origin_of("unix:///x"));
}
