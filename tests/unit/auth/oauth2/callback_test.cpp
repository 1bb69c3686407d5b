#include "auth/oauth2/callback.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace handover::auth::oauth2;

namespace {

ExpectedCallback expected() {
    return {.path = "/auth/callback",
            .state = "right",
            .issuer = "https://auth.example",
            .issuer_promised = false};
}

constexpr std::string_view whole =
    "GET /auth/callback?code=sandbox-1&state=right HTTP/1.1\r\nAccept: */*\r\nhOsT: "
    "localhost:1455\r\n\r\n";

}  // namespace

TEST_CASE("request head: whole, byte by byte, with trailing input") {
    const auto parse = parse_request_head(whole);
    REQUIRE(parse.state == HeadState::complete);
    CHECK(parse.head == RequestHead{.method = "GET",
                                    .target = "/auth/callback?code=sandbox-1&state=right",
                                    .host = "localhost:1455"});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK(parse_request_head(whole.substr(0, size)).state == HeadState::need_more);
    }
    const auto trailing = parse_request_head(std::string(whole) + "GET /x HTTP/1.1\r\n\x01");
    CHECK(trailing.state == HeadState::complete);
    CHECK(trailing.head == parse.head);
}

TEST_CASE("request head: what is none") {
    for (const std::string bad : {"\r\n\r\n",
                                  "GET\r\n\r\n",
                                  "GET /\r\n\r\n",
                                  "GET / HTTP/2.0\r\n\r\n",
                                  "GET  HTTP/1.1\r\n\r\n",
                                  "GET /a b HTTP/1.1\r\n\r\n",
                                  "G(T / HTTP/1.1\r\n\r\n",
                                  "GET / HTTP/1.1\r\nno colon\r\n\r\n",
                                  "GET / HTTP/1.1\r\n folded: x\r\n\r\n",
                                  "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
                                  "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                                  "GET / HTTP/1.1\r\nHost:\r\n\r\n",
                                  "\x16\x03\x01\x02\n"}) {
        CAPTURE(bad);
        CHECK(parse_request_head(bad).state == HeadState::malformed);
    }
    CHECK(parse_request_head("GET /\x7f HTTP/1.1\n\n").state == HeadState::malformed);
    CHECK(parse_request_head("GET / HTTP/1.0\n\n").state == HeadState::complete);
}

TEST_CASE("the Host header must name loopback") {
    for (const auto* good : {"localhost:1455",
                             "LocalHost:1455",
                             "127.0.0.1:1455",
                             "[::1]:1455",
                             "localhost",
                             "[::1]"}) {
        CAPTURE(good);
        CHECK(is_loopback_authority(good, 1455));
    }
    for (const auto* bad : {"",
                            "example.com",
                            "example.com:1455",
                            "localhost:1456",
                            "localhost:",
                            "localhost:x",
                            "localhost.example:1455",
                            "[::2]:1455",
                            "localhost:1455x",
                            "localhost:-1455",
                            "0.0.0.0"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_loopback_authority(bad, 1455));
    }
}

TEST_CASE("callback: the code of an answer to our request") {
    const auto response =
        parse_callback("/auth/callback?code=sandbox-a%2Fb&state=right&scope=x+y", expected());
    REQUIRE(response);
    CHECK(response->code().reveal() == "sandbox-a/b");
    CHECK(parse_callback("/auth/callback?code=c&state=right&iss=https%3A%2F%2Fauth.example",
                         expected()));
}

TEST_CASE("callback: what is refused, and whether it ends the login") {
    struct Case {
        const char* name;
        const char* target;
        Errc code;
        bool ours;
    };
    const Case cases[] = {
        {"other path", "/other?code=c&state=right", Errc::auth_callback_invalid, false},
        {"path and more", "/auth/callback/?code=c&state=right", Errc::auth_callback_invalid, false},
        {"encoded path", "/auth%2Fcallback?code=c&state=right", Errc::auth_callback_invalid, false},
        {"code twice",
         "/auth/callback?code=c&code=d&state=right",
         Errc::auth_callback_invalid,
         false},
        {"state twice",
         "/auth/callback?code=c&state=right&state=right",
         Errc::auth_callback_invalid,
         false},
        {"same name, encoded",
         "/auth/callback?code=c&st%61te=right&state=right",
         Errc::auth_callback_invalid,
         false},
        {"bad escape", "/auth/callback?code=%zz&state=right", Errc::auth_callback_invalid, false},
        {"no query", "/auth/callback", Errc::auth_state_mismatch, false},
        {"no state", "/auth/callback?code=c", Errc::auth_state_mismatch, false},
        {"empty state", "/auth/callback?code=c&state=", Errc::auth_state_mismatch, false},
        {"wrong state", "/auth/callback?code=c&state=wrong", Errc::auth_state_mismatch, false},
        {"state prefix", "/auth/callback?code=c&state=righ", Errc::auth_state_mismatch, false},
        {"state and more", "/auth/callback?code=c&state=rightt", Errc::auth_state_mismatch, false},
        {"error with a wrong state",
         "/auth/callback?error=access_denied&state=wrong",
         Errc::auth_state_mismatch,
         false},
        {"state in the fragment",
         "/auth/callback?code=c#&state=right",
         Errc::auth_state_mismatch,
         false},
        {"denied", "/auth/callback?error=access_denied&state=right", Errc::auth_denied, true},
        {"other error",
         "/auth/callback?error=server_error&state=right",
         Errc::auth_callback_invalid,
         true},
        {"error and code",
         "/auth/callback?error=server_error&code=c&state=right",
         Errc::auth_callback_invalid,
         true},
        {"no code", "/auth/callback?state=right", Errc::auth_callback_invalid, true},
        {"empty code", "/auth/callback?code=&state=right", Errc::auth_callback_invalid, true},
        {"other issuer",
         "/auth/callback?code=c&state=right&iss=https%3A%2F%2Fevil.example",
         Errc::auth_callback_invalid,
         true},
        {"issuer with a slash",
         "/auth/callback?code=c&state=right&iss=https%3A%2F%2Fauth.example%2F",
         Errc::auth_callback_invalid,
         true},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto response = parse_callback(c.target, expected());
            REQUIRE_FALSE(response);
            CHECK(response.error().code == c.code);
            CHECK(answers_our_request(c.target, expected()) == c.ours);
        }
    }
}

TEST_CASE("callback: an expected state of nothing matches nothing") {
    auto none = expected();
    none.state.clear();
    CHECK_FALSE(parse_callback("/auth/callback?code=c&state=", none));
    CHECK_FALSE(parse_callback("/auth/callback?code=c", none));
}

TEST_CASE("callback: iss where it is promised (RFC 9207)") {
    auto promised = expected();
    promised.issuer_promised = true;
    CHECK_FALSE(parse_callback("/auth/callback?code=c&state=right", promised));
    CHECK(parse_callback("/auth/callback?code=c&state=right&iss=https%3A%2F%2Fauth.example",
                         promised));
}

TEST_CASE("callback: the authority's words are quoted without their control characters") {
    const auto response = parse_callback(
        "/auth/"
        "callback?error=access_denied&error_description=no%1B%5B31m+entry%0Atoday&state=right",
        expected());
    REQUIRE_FALSE(response);
    CHECK(response.error().reason.find("access_denied: no[31m entry today") != std::string::npos);
}

TEST_CASE("pasted redirects") {
    for (const auto* good :
         {"http://localhost:1455/auth/callback?code=sandbox-1&state=right",
          "  http://localhost:1455/auth/callback?code=sandbox-1&state=right \r\n",
          "\"http://localhost:1455/auth/callback?code=sandbox-1&state=right\"",
          "http://localhost:1455/auth/callback?code=sandbox-1&state=right#_=_",
          "/auth/callback?code=sandbox-1&state=right",
          "?code=sandbox-1&state=right",
          "code=sandbox-1&state=right&next=http://x"}) {
        CAPTURE(good);
        const auto response = parse_pasted(good, expected());
        REQUIRE(response);
        CHECK(response->code().reveal() == "sandbox-1");
    }
    for (const auto* bad : {"",
                            "   ",
                            "sandbox-1",
                            "sandbox-1#right",
                            "http://localhost:1455",
                            "http://localhost:1455/other?code=c&state=right",
                            "code=c",
                            "https://x?code=c&state=right"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_pasted(bad, expected()));
    }
    CHECK(parse_pasted("sandbox-1", expected()).error().reason.find("bare code") !=
          std::string::npos);
    CHECK(parse_pasted("code=c&state=wrong", expected()).error().code == Errc::auth_state_mismatch);
}
