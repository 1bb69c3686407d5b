#include <catch2/catch.hpp>

#include "auth/imports/imported_login.hpp"
#include "text/encoding.hpp"

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::imports;
using namespace std::chrono_literals;

namespace {

const auto now = Time(1'800'000'000s);  // 2027-01-15T08:00:00Z

std::string jwt(const std::string& payload) {
    return text::base64url_encode(R"({"alg":"RS256"})") + "." + text::base64url_encode(payload) +
           ".c2ln";
}

// Tokens as codex keeps them, an hour old and valid for another.
const std::string codex_access = jwt(
    R"({"iss":"https://auth.openai.com","aud":"https://api.openai.com/v1","exp":1800003600,"iat":1799996400})");
const std::string expired = jwt(R"({"iss":"https://auth.openai.com","exp":1799999999})");
const std::string codex_identity =
    jwt(R"({"iss":"https://auth.openai.com","aud":["app"],"exp":1799990000})");

std::string codex_file(const std::string& more, const std::string& tokens) {
    return "{" + more + R"("tokens":{)" + tokens +
           R"(},"last_refresh":"2027-01-15T07:00:00.123Z"})";
}

std::string all_tokens() {
    return R"("id_token":")" + codex_identity + R"(","access_token":")" + codex_access +
           R"(","refresh_token":"sandbox-refresh","account_id":"workspace-1")";
}

Method codex_method() {
    Method method;
    method.id = "subscription";
    method.kind = Kind::oauth2;
    method.issuer = "https://auth.openai.com";
    method.discovery = Discovery::fallback;
    method.endpoints.token_endpoint = "https://auth.openai.com/oauth/token";
    method.client_id = "app";
    return method;
}

Target codex_target() {
    Target target;
    target.provider = "codex";
    target.account = "work";
    target.methods = {codex_method()};
    target.origins = {"https://chatgpt.com"};
    return target;
}

}  // namespace

TEST_CASE("codex's auth.json, by mode") {
    struct Case {
        const char* name;
        std::string text;
        std::optional<Errc> refused;
        std::string says;  // in the error
        What what = What::tokens;
    };
    const auto unsupported = Errc::auth_method_unsupported;
    const auto corrupt = Errc::store_corrupt;
    const auto nothing = Errc::auth_no_credential;
    const std::string key = R"("OPENAI_API_KEY":"sandbox-key",)";
    const std::string no_key = R"("OPENAI_API_KEY":null,)";
    const auto chatgpt = R"("auth_mode":"chatgpt",)";
    const Case cases[] = {
        {"chatgpt", codex_file(chatgpt + no_key, all_tokens()), {}, ""},
        {"chatgpt with a key beside it", codex_file(chatgpt + key, all_tokens()), {}, ""},
        {"older, without a mode", codex_file(no_key, all_tokens()), {}, ""},
        {"older, with a key", codex_file(key, all_tokens()), {}, "", What::api_key},
        {"apikey",
         R"({"auth_mode":"apikey","OPENAI_API_KEY":"sandbox-key"})",
         {},
         "",
         What::api_key},
        {"a key alone", R"({"OPENAI_API_KEY":"sandbox-key"})", {}, "", What::api_key},
        {"apikey without one",
         R"({"auth_mode":"apikey","OPENAI_API_KEY":null})",
         nothing,
         "has none"},
        {"a key that is no text", R"({"OPENAI_API_KEY":7})", corrupt, "OPENAI_API_KEY"},
        {"tokens of another application",
         codex_file(R"("auth_mode":"chatgptAuthTokens",)", all_tokens()),
         unsupported,
         "chatgptAuthTokens"},
        {"an agent", R"({"auth_mode":"agentIdentity","agent_identity":{}})", unsupported, "agent"},
        {"a personal access token",
         R"({"auth_mode":"personalAccessToken"})",
         unsupported,
         "personal"},
        {"older, personal access token first",
         R"({"personal_access_token":"at-1","OPENAI_API_KEY":"sandbox-key"})",
         unsupported,
         "personalAccessToken"},
        {"bedrock", R"({"auth_mode":"bedrockApiKey"})", unsupported, "Bedrock"},
        {"older, bedrock", R"({"bedrock_access_keys":{}})", unsupported, "Bedrock"},
        {"a mode of the future", R"({"auth_mode":"telepathy"})", unsupported, "telepathy"},
        {"a mode that is no text", R"({"auth_mode":1})", corrupt, "auth_mode"},
        {"logged out", R"({"auth_mode":"chatgpt","tokens":null})", nothing, "tokens"},
        {"an empty object", "{}", nothing, "tokens"},
        {"tokens that are a list", R"({"tokens":[]})", corrupt, "tokens"},
        {"no access token",
         codex_file("", R"("refresh_token":"sandbox-refresh")"),
         nothing,
         "access token"},
        {"a token with a line break",
         codex_file("", R"("access_token":"a\nb")"),
         corrupt,
         "visible"},
        {"a token that is no text", codex_file("", R"("access_token":1)"), corrupt, "visible"},
        {"an ID token that is none",
         codex_file("", R"("id_token":"x","access_token":"sandbox-access")"),
         corrupt,
         "id_token"},
        {"half written", all_tokens().substr(0, 40), corrupt, "JSON"},
        {"nothing", "", corrupt, "JSON"},
        {"a list", "[]", corrupt, "JSON"},
        {"too long", "{\"x\":\"" + std::string(1U << 20U, 'x') + "\"}", corrupt, "JSON"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto login = parse_codex_auth(c.text);
            REQUIRE(login.has_value() == !c.refused);
            if (c.refused) {
                CHECK(login.error().code == *c.refused);
                CHECK_FALSE(login.error().fix.empty());
                CHECK_THAT(login.error().message + login.error().reason, Catch::Contains(c.says));
                CHECK_THAT(login.error().message + login.error().reason,
                           !Catch::Contains("sandbox-"));
                continue;
            }
            CHECK(login->what == c.what);
            CHECK(login->api_key.empty() == (c.what == What::tokens));
            CHECK(login->access_token.empty() == (c.what == What::api_key));
        }
    }
}

TEST_CASE("codex's auth.json: what is taken from the tokens") {
    const auto whole = codex_file("", all_tokens());
    const auto login = parse_codex_auth(whole).value();
    CHECK(login.access_token.reveal() == codex_access);
    CHECK(login.refresh_token.reveal() == "sandbox-refresh");
    CHECK(login.id_token.reveal() == codex_identity);
    CHECK(login.expires_at == Time(1'800'003'600s));
    REQUIRE(login.obtained_at);
    CHECK(text::format_rfc3339(*login.obtained_at) == "2027-01-15T07:00:00Z");
    CHECK(login.note.empty());
    // Codex truncates and writes: any beginning of the file may be seen, and none is a login.
    for (std::size_t size = 0; size < whole.size(); ++size) {
        if (parse_codex_auth(whole.substr(0, size))) FAIL("half a file was taken: " << size);
    }
    CHECK_FALSE(parse_codex_auth(whole + "x"));
    const auto both =
        parse_codex_auth(codex_file(R"("OPENAI_API_KEY":"sandbox-key",)", all_tokens()));
    CHECK_FALSE(both->note.empty());
}

TEST_CASE("credentials.json of the earlier Handover") {
    struct Case {
        const char* name;
        std::string text;
        bool good;
        What what = What::tokens;
    };
    const Case cases[] = {
        {"everything",
         R"({"provider":"openai","token":"sandbox-a","expiresAt":"2027-01-15T09:00:00.000Z","refreshToken":"sandbox-r"})",
         true},
        {"no refresh token",
         R"({"provider":"openai","token":"sandbox-a","expiresAt":"2027-01-15T09:00:00Z"})",
         true},
        {"a token with claims", R"({"provider":"openai","token":")" + codex_access + "\"}", true},
        {"a token alone", R"({"provider":"groq","token":"sandbox-key"})", true, What::api_key},
        {"no provider", R"({"token":"sandbox-a"})", false},
        {"no token", R"({"provider":"openai","token":""})", false},
        {"a token with a space", R"({"provider":"openai","token":"a b"})", false},
        {"an expiry that is none",
         R"({"provider":"openai","token":"a","expiresAt":"soon"})",
         false},
        {"an expiry in seconds",
         R"({"provider":"openai","token":"a","expiresAt":1800003600})",
         false},
        {"nothing", "", false},
        {"half", R"({"provider":"openai","token":"sandb)", false},
        {"twice", R"({"provider":"openai","token":"a"}{})", false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto login = parse_handover_ts(c.text);
            REQUIRE(login.has_value() == c.good);
            if (!c.good) {
                CHECK(login.error().code == Errc::store_corrupt);
                continue;
            }
            CHECK(login->what == c.what);
        }
    }
    const auto login = parse_handover_ts(cases[0].text).value();
    CHECK(login.provider == "openai");
    CHECK(login.access_token.reveal() == "sandbox-a");
    CHECK(login.refresh_token.reveal() == "sandbox-r");
    CHECK(login.expires_at == Time(1'800'003'600s));
    CHECK(parse_handover_ts(cases[2].text)->expires_at == Time(1'800'003'600s));
    CHECK(parse_handover_ts(cases[3].text)->api_key.reveal() == "sandbox-key");
}

TEST_CASE("an imported login is bound as one that was made here") {
    const auto login = parse_codex_auth(codex_file("", all_tokens())).value();
    const auto credential = bind_login(login, codex_target(), codex_method(), now).value();
    CHECK(credential.id == CredentialId{"codex", "work"});
    CHECK(credential.method == "subscription");
    CHECK(credential.issuer == "https://auth.openai.com");
    CHECK(credential.client_id == "app");
    CHECK(credential.token_endpoint == "https://auth.openai.com/oauth/token");
    CHECK(credential.origins == std::vector<std::string>{"https://chatgpt.com"});
    CHECK(credential.expires_at == login.expires_at);
    CHECK(credential.obtained_at == login.obtained_at);
    // A clock of the other program's that went ahead does not make the login younger than now.
    auto ahead = login;
    ahead.obtained_at = now + 5h;
    CHECK(bind_login(ahead, codex_target(), codex_method(), now)->obtained_at == now);
}

TEST_CASE("nothing is imported that would not work") {
    auto login = parse_codex_auth(codex_file("", all_tokens())).value();
    auto method = codex_method();
    auto target = codex_target();
    std::optional<Errc> refused;
    SECTION("as it is") {}
    SECTION("an issuer with a slash is the same") {
        method.issuer += "/";
    }
    SECTION("expired, with a refresh token") {
        login.access_token = Secret(expired);
        login.expires_at = now - 1s;
    }
    SECTION("valid, without a refresh token") {
        login.refresh_token = {};
    }
    SECTION("at its end, without a refresh token") {
        login.refresh_token = {};
        login.expires_at = now;
        refused = Errc::auth_session_expired;
    }
    SECTION("another issuer") {
        method.issuer = "https://login.example.com";
        refused = Errc::auth_id_token_invalid;
    }
    SECTION("another issuer, by the access token alone") {
        login.id_token = {};
        method.issuer = "https://login.example.com";
        refused = Errc::auth_id_token_invalid;
    }
    SECTION("another client") {
        method.client_id = "other";
        refused = Errc::auth_id_token_invalid;
    }
    SECTION("another client, by the access token") {
        login.access_token = Secret(jwt(R"({"client_id":"other"})"));
        refused = Errc::auth_id_token_invalid;
    }
    SECTION("tokens that say nothing are taken on trust") {
        login.access_token = Secret("sandbox-opaque");
        login.id_token = {};
    }
    SECTION("a provider on loopback for an issuer that is not") {
        target.origins = {"http://127.0.0.1:9"};
        refused = Errc::config_invalid;
    }
    const auto credential = bind_login(login, target, method, now);
    REQUIRE(credential.has_value() == !refused);
    if (refused) {
        CHECK(credential.error().code == *refused);
        CHECK_FALSE(credential.error().fix.empty());
    }
}
