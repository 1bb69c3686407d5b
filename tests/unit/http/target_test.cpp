#include "http/target.hpp"

#include <catch2/catch.hpp>

using handover::http::parse_target;
using handover::http::Target;

TEST_CASE("where a URL leads") {
    struct Case {
        const char* url;
        Target target;
        const char* authority;
    };
    const Case cases[] = {
        {"https://api.example.com/v1", {"https", "api.example.com", 443, false}, "api.example.com"},
        {"HTTPS://API.example.com:443/v1",
         {"https", "api.example.com", 443, false},
         "api.example.com"},
        {"http://localhost:11434/v1", {"http", "localhost", 11434, true}, "localhost:11434"},
        {"http://sub.localhost/", {"http", "sub.localhost", 80, true}, "sub.localhost"},
        {"http://notlocalhost/", {"http", "notlocalhost", 80, false}, "notlocalhost"},
        {"http://localhost.example.com/",
         {"http", "localhost.example.com", 80, false},
         "localhost.example.com"},
        {"http://127.0.0.1:80", {"http", "127.0.0.1", 80, true}, "127.0.0.1"},
        {"http://127.8.9.1/", {"http", "127.8.9.1", 80, true}, "127.8.9.1"},
        {"http://128.0.0.1/", {"http", "128.0.0.1", 80, false}, "128.0.0.1"},
        {"http://[::1]:8080/x", {"http", "::1", 8080, true}, "[::1]:8080"},
        {"http://[::2]/x", {"http", "::2", 80, false}, "[::2]"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.url) {
            const auto target = parse_target(c.url);
            REQUIRE(target);
            CHECK(*target == c.target);
            CHECK(target->authority() == c.authority);
        }
    }
}

TEST_CASE("URLs that are not used") {
    for (const auto* url : {"",
                            "/v1",
                            "ftp://example.com/",
                            "file:///etc/passwd",
                            "https://",
                            "https:///v1",
                            "https://user:word@example.com/",
                            "https://example.com@evil.com/",
                            "https://example.com/#x",
                            "https://example.com:0/",
                            "https://example.com:99999/",
                            "https://exa mple.com/",
                            "http://127.0.0.1.example.com/",
                            "https://1.2.3.4.example.com:443?x",
                            "https://example.com/\r\nHost: evil"}) {
        CAPTURE(url);
        CHECK_FALSE(parse_target(url));
    }
}
