#include "config/url.hpp"

#include <catch2/catch.hpp>

using handover::config::parse_url;
using handover::config::url_fault;

TEST_CASE("where a URL leads") {
    struct Case {
        const char* text;
        bool parses;
        const char* origin;
        bool loopback;
    };
    const Case cases[] = {
        {"https://example.com/v1", true, "https://example.com", false},
        {"HTTPS://Example.COM", true, "https://example.com", false},
        {"http://localhost:8080/x", true, "http://localhost:8080", true},
        {"http://127.0.0.1", true, "http://127.0.0.1", true},
        {"http://127.9.9.9:0/", true, "http://127.9.9.9:0", true},
        {"http://[::1]:9/", true, "http://[::1]:9", true},
        {"http://128.0.0.1/", true, "http://128.0.0.1", false},
        {"http://127.0.0.1.example.com/", false, "", false},
        {"https://127.0.0.1.example.com:443?x#y", false, "", false},
        {"https://example.com?x", true, "https://example.com", false},
        {"http://localhost.example.com/", true, "http://localhost.example.com", false},
        {"http://localhost@example.com/", true, "http://example.com", false},
        {"http://[::2]/", true, "http://[::2]", false},
        {"http://x:65535/", true, "http://x:65535", false},
        {"http://x:65536/", false, "", false},
        {"http://x:123456/", false, "", false},
        {"http://local%68ost/", false, "", false},
        {"ftp://example.com/", false, "", false},
        {"//example.com/", false, "", false},
        {"https:///path", false, "", false},
        {"https://exa mple.com/", false, "", false},
        {"https://example.com/ trailing", false, "", false},
        {"", false, "", false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.text) {
            const auto url = parse_url(c.text);
            REQUIRE(url.has_value() == c.parses);
            if (!url) return;
            CHECK(url->origin() == c.origin);
            CHECK(url->loopback() == c.loopback);
        }
    }
}

TEST_CASE("what may be stated as an endpoint") {
    CHECK(url_fault("https://example.com/v1").empty());
    CHECK(url_fault("http://127.0.0.1:1/v1").empty());
    CHECK(url_fault("http://example.com/v1").find("https") != std::string::npos);
    CHECK(url_fault("https://user:pw@example.com/").find("user name") != std::string::npos);
    CHECK(url_fault("https://example.com/?a=b").find("query") != std::string::npos);
    CHECK(url_fault("https://example.com/#f").find("fragment") != std::string::npos);
    CHECK(url_fault("example.com").find("absolute") != std::string::npos);
}
