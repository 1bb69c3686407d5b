#include "plugins/request_rules.hpp"

#include <catch2/catch.hpp>

#include <boost/url.hpp>

#include <string>

using namespace handover::plugins;

namespace {

struct PathCase {
    const char* name;
    std::string path;
};

}  // namespace

TEST_CASE("paths that stay below the base URL") {
    const std::vector<PathCase> cases = {
        {"plain", "/responses"},
        {"query", "/models?limit=5&after=a%20b"},
        {"query with a URL", "/x?next=https://evil.example/../y"},
        {"query with encoded line feed", "/x?text=%0A"},
        {"root", "/"},
        {"empty segment inside", "/a//b"},
        {"three dots", "/a/.../b"},
        {"dots in a name", "/v1.0/..name/file..txt"},
        {"at sign below", "/users/@me"},
        {"colon", "/models/a:generate"},
        {"encoded space", "/a%20b"},
        {"encoded percent", "/100%25"},
        {"encoded letter", "/%41bc"},
        {"encoded number sign", "/a%23b"},
        {"encoded unicode", "/caf%C3%A9"},
        {"the longest", "/" + std::string(8191, 'a')},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(path_breach(c.path).value_or("") == "");
            // Another reader of URLs agrees on where it goes.
            const auto text = "https://models.example.com/v1" + c.path;
            const auto url = boost::urls::parse_uri(text);
            REQUIRE(url.has_value());
            CHECK(url->encoded_authority() == "models.example.com");
            boost::urls::url normal(*url);
            normal.normalize_path();
            CHECK(std::string(normal.encoded_path()).starts_with("/v1/"));
        }
    }
}

TEST_CASE("paths that would lead elsewhere, or that two readers would read differently") {
    const std::vector<PathCase> cases = {
        {"nothing", ""},
        {"relative", "responses"},
        {"absolute URL", "https://evil.example/"},
        {"other host", "//evil.example/"},
        {"other host, encoded slash", "/%2fevil.example/"},
        {"other host, doubly encoded", "/%252fevil.example/"},
        {"backslash host", "/\\evil.example/"},
        {"backslashes", "\\\\evil.example/"},
        {"encoded backslash", "/%5cevil.example/"},
        {"backslash later", "/a\\..\\b"},
        {"user info trick", "@evil.example/"},
        {"host suffix trick", ".evil.example/"},
        {"port trick", ":8443/"},
        {"dot dot", "/../admin"},
        {"dot dot at the end", "/a/.."},
        {"dot", "/./a"},
        {"dot at the end", "/a/."},
        {"encoded dots", "/%2e%2e/admin"},
        {"encoded dots, upper case", "/%2E%2E/admin"},
        {"half encoded dots", "/.%2e/admin"},
        {"encoded dot", "/%2e/a"},
        {"doubly encoded dots", "/%252e%252e/admin"},
        {"triply encoded dots", "/%25252e%25252e/admin"},
        {"encoded slash between dots", "/a%2f..%2fadmin"},
        {"dots and encoded slash", "/..%2fadmin"},
        {"dots with parameters", "/..;x=1/admin"},
        {"encoded many times", "/%2525252525252541"},
        {"fragment", "/a#b"},
        {"tab", "/a\tb"},
        {"line feed", "/a\nb"},
        {"carriage return", "/a\r\nHost: evil.example"},
        {"null byte", std::string("/a\0b", 4)},
        {"encoded null byte", "/a%00b"},
        {"encoded line feed", "/a%0d%0aHost:%20evil.example"},
        {"DEL", "/a\x7f"},
        {"space", "/a b"},
        {"unicode", "/caf\xc3\xa9"},
        {"full-width slash",
         "/\xef\xbc\x8f\xef\xbc\x8f"
         "evil.example"},
        {"one dot leader", "/\xe2\x80\xa4\xe2\x80\xa4/a"},
        {"lone percent", "/a%"},
        {"half an escape", "/a%2"},
        {"no hexadecimal", "/a%zz"},
        {"bad escape in the query", "/a?b=%zz"},
        {"space in the query", "/a?b= c"},
        {"fragment in the query", "/a?b#c"},
        {"bracket", "/[::1]"},
        {"quote", "/\""},
        {"too long", "/" + std::string(8192, 'a')},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(path_breach(c.path).has_value());
        }
    }
}

TEST_CASE("methods") {
    CHECK_FALSE(method_breach("GET"));
    CHECK_FALSE(method_breach("POST"));
    for (const auto* method : {"", "get", "PUT", "CONNECT", "GET /evil HTTP/1.1\r\n", " POST"})
        CHECK(method_breach(method));
}

TEST_CASE("headers") {
    struct Case {
        const char* name;
        std::string header;
        std::string value;
        bool fine;
    };
    const std::vector<std::string> owned = {"Authorization", "ChatGPT-Account-ID", "x-api-key"};
    const std::vector<Case> cases = {
        {"plain", "OpenAI-Beta", "responses=experimental", true},
        {"empty value", "X-Empty", "", true},
        {"unicode value", "X-Name", "caf\xc3\xa9", true},
        {"name that only begins like an owned one", "Hostname", "a", true},
        {"proxy without dash", "Proxying", "a", true},
        {"Host", "Host", "evil.example", false},
        {"host in another case", "hOsT", "evil.example", false},
        {"Authorization", "authorization", "Bearer x", false},
        {"Proxy-Authorization", "PROXY-Authorization", "x", false},
        {"Proxy-Anything", "Proxy-Anything", "x", false},
        {"Connection", "Connection", "close", false},
        {"Content-Length", "Content-Length", "0", false},
        {"Transfer-Encoding", "Transfer-Encoding", "chunked", false},
        {"TE", "te", "trailers", false},
        {"Upgrade", "Upgrade", "h2c", false},
        {"Expect", "Expect", "100-continue", false},
        {"Cookie", "Cookie", "a=b", false},
        {"attached", "chatgpt-account-id", "1", false},
        {"attached, another case", "X-API-KEY", "1", false},
        {"no name", "", "x", false},
        {"space in the name", "X Y", "x", false},
        {"trailing space", "Host ", "x", false},
        {"colon in the name", "Host:", "x", false},
        {"pseudo-header", ":authority", "evil.example", false},
        {"line break in the name", "X\r\nHost", "x", false},
        {"line break in the value", "X-A", "b\r\nHost: evil.example", false},
        {"lone line feed", "X-A", "b\nc", false},
        {"lone carriage return", "X-A", "b\rc", false},
        {"null byte", "X-A", std::string("b\0c", 3), false},
        {"tab", "X-A", "b\tc", false},
        {"unicode name", "X-\xc3\xa9", "b", false},
        {"the longest value", "X-A", std::string(16384, 'a'), true},
        {"too long a value", "X-A", std::string(16385, 'a'), false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(!header_breach(c.header, c.value, owned).has_value() == c.fine);
        }
    }
}
