#include "run/target_url.hpp"

#include <catch2/catch.hpp>

using handover::Errc;
using handover::Result;
using namespace handover::run;

namespace {

const std::string base = "https://api.example.com/v1";

struct UrlParts {
    std::string base = {};
    std::string path = {};
    std::map<std::string, std::string> query = {};
    bool allow_http = false;
};

Result<std::string> target_url(const UrlParts& parts) {
    const auto usable = usable_base(parts.base, parts.allow_http);
    if (!usable) return usable.failure();
    return url_below(*usable, parts.path, parts.query);
}

}  // namespace

TEST_CASE("path and query go below the base, whatever slashes end it") {
    struct Case {
        const char* name;
        UrlParts parts;
        const char* url;
    };
    const Case cases[] = {
        {"plain", {.base = base, .path = "/responses"}, "https://api.example.com/v1/responses"},
        {"a base with a slash",
         {.base = base + "/", .path = "/responses"},
         "https://api.example.com/v1/responses"},
        {"a base without a path",
         {.base = "https://api.example.com", .path = "/x"},
         "https://api.example.com/x"},
        {"a port",
         {.base = "http://127.0.0.1:8080/v1", .path = "/x"},
         "http://127.0.0.1:8080/v1/x"},
        {"IPv6", {.base = "http://[::1]:8080", .path = "/x"}, "http://[::1]:8080/x"},
        {"the plugin's query",
         {.base = base, .path = "/models?limit=5"},
         "https://api.example.com/v1/models?limit=5"},
        {"the config's query",
         {.base = base, .path = "/x", .query = {{"api-version", "2024-10-21"}}},
         "https://api.example.com/v1/x?api-version=2024-10-21"},
        {"both queries",
         {.base = base, .path = "/x?a=1", .query = {{"b", "2"}, {"c", "3"}}},
         "https://api.example.com/v1/x?a=1&b=2&c=3"},
        {"a query that wants escapes",
         {.base = base, .path = "/x", .query = {{"a b", "&=#"}}},
         "https://api.example.com/v1/x?a%20b=%26%3D%23"},
        {"dots that are no segment",
         {.base = base, .path = "/a..b/.c/..."},
         "https://api.example.com/v1/a..b/.c/..."},
        {"dots in the query",
         {.base = base, .path = "/x?y=/../z"},
         "https://api.example.com/v1/x?y=/../z"},
        {"plain http where allowed",
         {.base = "http://models.lan", .path = "/x", .allow_http = true},
         "http://models.lan/x"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto url = target_url(c.parts);
            REQUIRE(url);
            CHECK(*url == c.url);
        }
    }
}

TEST_CASE("a path that would leave the base is the plugin's fault") {
    struct Case {
        const char* name;
        std::string path;
    };
    const Case cases[] = {
        {"nothing", ""},
        {"no slash", "responses"},
        {"user information", "@evil.example/x"},
        {"a port", ":99/x"},
        {"an authority", "//evil.example/x"},
        {"a URL", "https://evil.example/x"},
        {"a dot segment", "/../x"},
        {"a dot segment at the end", "/a/.."},
        {"one dot", "/./x"},
        {"an encoded dot segment", "/%2e%2E/x"},
        {"half encoded", "/.%2e/x"},
        {"a bad escape", "/%zz/x"},
        {"an escape cut short", "/x%2"},
        {"a backslash", "/\\evil.example"},
        {"a fragment", "/x#y"},
        {"a space", "/a b"},
        {"a line break", "/x\r\nHost: evil"},
        {"a NUL", std::string("/x\0y", 4)},
        {"beyond ASCII", "/\xc3\xa4"},
        {"DEL", "/\x7f"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto url = target_url({.base = base, .path = c.path});
            REQUIRE_FALSE(url);
            CHECK(url.error().code == Errc::plugin_failed);
        }
    }
}

TEST_CASE("a base that cannot be used is the config's fault") {
    for (const std::string bad : {"",
                                  "api.example.com",
                                  "ftp://x",
                                  "https://",
                                  "https://u:p@x",
                                  "https://x?y=1",
                                  "http://models.lan",
                                  "http://127.0.0.1.evil.example"}) {
        DYNAMIC_SECTION(bad) {
            const auto url = target_url({.base = bad, .path = "/x"});
            REQUIRE_FALSE(url);
            CHECK(url.error().code == Errc::config_invalid);
        }
    }
}
