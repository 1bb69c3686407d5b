#include "auth/oauth2/jwt.hpp"

#include <catch2/catch.hpp>

#include "auth/oauth2/id_token.hpp"
#include "text/encoding.hpp"

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::oauth2;
using namespace std::chrono_literals;

namespace {

std::string token(const std::string& payload, const std::string& header = R"({"alg":"RS256"})") {
    return text::base64url_encode(header) + "." + text::base64url_encode(payload) + ".c2ln";
}

const Time now = Time(1'800'000'000s);

ExpectedIdToken expected() {
    return {.issuer = "https://auth.example",
            .client_id = "app",
            .nonce = "n1",
            .nonce_mode = Nonce::require,
            .now = now};
}

std::string id_token(const std::string& changed) {
    return token(R"({"iss":"https://auth.example","aud":"app","exp":1800000600,"nonce":"n1")" +
                 changed + "}");
}

}  // namespace

// RFC 7519 section 3.1
TEST_CASE("JWT: the published example") {
    const auto jwt = decode_jwt(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0c"
        "nVlfQ"
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    REQUIRE(jwt);
    CHECK(jwt->alg == "HS256");
    CHECK(jwt->exp == Time(1'300'819'380s));
    CHECK_FALSE(jwt->iat);
    CHECK(claim(*jwt, "/iss") == "joe");
    CHECK(claim(*jwt, "/http:~1~1example.com~1is_root") == "true");
}

TEST_CASE("JWT: claims by pointer") {
    const auto jwt = decode_jwt(token(R"({"a":{"b/c":["x",7,false,null,{"d":1}]},"iat":5.5})"));
    REQUIRE(jwt);
    CHECK(jwt->iat == Time(5s));
    const auto found = claims(*jwt,
                              {{"text", "/a/b~1c/0"},
                               {"number", "/a/b~1c/1"},
                               {"bool", "/a/b~1c/2"},
                               {"null", "/a/b~1c/3"},
                               {"object", "/a/b~1c/4"},
                               {"absent", "/a/x"},
                               {"out of range", "/a/b~1c/9"},
                               {"no pointer", "a"}});
    CHECK(found ==
          std::map<std::string, std::string>{{"text", "x"}, {"number", "7"}, {"bool", "false"}});
}

TEST_CASE("JWT: what is none") {
    const auto good = token("{}");
    CHECK(decode_jwt(good));
    for (const auto& bad : {std::string(),
                            std::string("sandbox-opaque"),
                            std::string(".."),
                            std::string("e30.e30."),
                            std::string(".e30.c2ln"),
                            std::string("e30..c2ln"),
                            std::string("e30.e30.c2ln.c2ln"),
                            std::string("e30.W10.c2ln"),
                            std::string("W10.e30.c2ln"),
                            std::string("e30.e30=.c2ln"),
                            std::string("e30.e30.c2+n"),
                            good + " ",
                            std::string(65'537, 'a')}) {
        CAPTURE(bad.substr(0, 40));
        const auto jwt = decode_jwt(bad);
        REQUIRE_FALSE(jwt);
        CHECK(jwt.error().code == Errc::auth_id_token_invalid);
    }
    CHECK_FALSE(expiry_of("sandbox-opaque"));
    CHECK_FALSE(expiry_of(token(R"({"exp":"1800000000"})")));
    CHECK_FALSE(expiry_of(token(R"({"exp":-1})")));
    CHECK(expiry_of(token(R"({"exp":1800000000})")) == now);
}

TEST_CASE("ID token: good ones") {
    CHECK(check_id_token(id_token(""), expected()));
    CHECK(check_id_token(id_token(R"(,"azp":"app")"), expected()));
    CHECK(check_id_token(
        token(R"({"iss":"https://auth.example","aud":["app"],"exp":1800000600,"nonce":"n1"})"),
        expected()));
    CHECK(check_id_token(
        token(
            R"({"iss":"https://auth.example","aud":["x","app"],"azp":"app","exp":1800000600,"nonce":"n1"})"),
        expected()));
}

TEST_CASE("ID token: what is refused") {
    struct Case {
        const char* name;
        const char* payload;
    };
    const Case cases[] = {
        {"no iss", R"({"aud":"app","exp":1800000600,"nonce":"n1"})"},
        {"other iss",
         R"({"iss":"https://auth.example/","aud":"app","exp":1800000600,"nonce":"n1"})"},
        {"no aud", R"({"iss":"https://auth.example","exp":1800000600,"nonce":"n1"})"},
        {"other aud",
         R"({"iss":"https://auth.example","aud":"other","exp":1800000600,"nonce":"n1"})"},
        {"aud not in array",
         R"({"iss":"https://auth.example","aud":["other"],"exp":1800000600,"nonce":"n1"})"},
        {"empty aud", R"({"iss":"https://auth.example","aud":[],"exp":1800000600,"nonce":"n1"})"},
        {"several aud, no azp",
         R"({"iss":"https://auth.example","aud":["app","x"],"exp":1800000600,"nonce":"n1"})"},
        {"other azp",
         R"({"iss":"https://auth.example","aud":"app","azp":"x","exp":1800000600,"nonce":"n1"})"},
        {"no exp", R"({"iss":"https://auth.example","aud":"app","nonce":"n1"})"},
        {"exp as text",
         R"({"iss":"https://auth.example","aud":"app","exp":"1800000600","nonce":"n1"})"},
        {"no nonce", R"({"iss":"https://auth.example","aud":"app","exp":1800000600})"},
        {"other nonce",
         R"({"iss":"https://auth.example","aud":"app","exp":1800000600,"nonce":"n2"})"},
        {"nonce of another type",
         R"({"iss":"https://auth.example","aud":"app","exp":1800000600,"nonce":1})"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto checked = check_id_token(token(c.payload), expected());
            REQUIRE_FALSE(checked);
            CHECK(checked.error().code == Errc::auth_id_token_invalid);
        }
    }
    const std::string payload =
        R"({"iss":"https://auth.example","aud":"app","exp":1800000600,"nonce":"n1"})";
    for (const auto* header : {R"({"alg":"none"})", R"({"alg":"NoNe"})", R"({})", R"({"alg":7})"}) {
        CAPTURE(header);
        CHECK_FALSE(check_id_token(token(payload, header), expected()));
    }
    CHECK_FALSE(check_id_token("sandbox-opaque", expected()));
}

TEST_CASE("ID token: exp with a leeway of 60 s") {
    auto at = expected();
    at.now = Time(1'800'000'600s) + 60s - 1ms;
    CHECK(check_id_token(id_token(""), at));
    at.now = Time(1'800'000'600s) + 60s;
    CHECK_FALSE(check_id_token(id_token(""), at));
}

TEST_CASE("ID token: the nonce by mode") {
    const auto without = token(R"({"iss":"https://auth.example","aud":"app","exp":1800000600})");
    const auto other =
        token(R"({"iss":"https://auth.example","aud":"app","exp":1800000600,"nonce":"n2"})");
    auto mode = expected();
    mode.nonce_mode = Nonce::if_present;
    CHECK(check_id_token(without, mode));
    CHECK_FALSE(check_id_token(other, mode));
    CHECK(check_id_token(id_token(""), mode));
    mode.nonce_mode = Nonce::none;
    CHECK(check_id_token(without, mode));
    CHECK(check_id_token(other, mode));
}
