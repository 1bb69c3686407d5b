#include "auth/credential_file.hpp"

#include <catch2/catch.hpp>

using namespace handover::auth;
using handover::Errc;
using handover::Secret;

namespace {

const std::string full =
    R"({"version":1,"provider":"codex","account":"work","method":"subscription",)"
    R"("access_token":"sandbox-access","refresh_token":"sandbox-refresh","id_token":"sandbox-id",)"
    R"("token_type":"Bearer","scopes":["openid","email"],"expires_at":"2026-11-22T17:00:00Z",)"
    R"("obtained_at":"2026-11-22T16:00:00Z","issuer":"https://a.example","client_id":"app",)"
    R"("token_endpoint":"https://a.example/token","origins":["https://api.example"],)"
    R"("generation":7,"login_needed":{"code":"invalid_grant","at":"2026-11-22T16:30:00Z"},)"
    R"("later":{"kept":[1,2]}})";

}  // namespace

TEST_CASE("a whole credential file is read and written as it was") {
    const auto credential = parse_credential(full);
    REQUIRE(credential);
    CHECK(credential->id == CredentialId{"codex", "work"});
    CHECK(credential->refresh_token == Secret("sandbox-refresh"));
    CHECK(credential->scopes == std::vector<std::string>{"openid", "email"});
    CHECK(credential->generation == 7);
    CHECK(credential->login_needed->code == "invalid_grant");
    CHECK(credential->unknown_members == R"({"later":{"kept":[1,2]}})");
    CHECK(print_credential(*credential) == full + "\n");
}

TEST_CASE("older files without the optional members are valid") {
    const auto credential = parse_credential(
        R"({"version":1,"provider":"codex","method":"subscription","access_token":"sandbox-a"})");
    REQUIRE(credential);
    CHECK(credential->id.account == "default");
    CHECK(credential->refresh_token.empty());
    CHECK(credential->generation == 0);
    CHECK_FALSE(credential->expires_at);
    CHECK_FALSE(credential->login_needed);
}

TEST_CASE("null is as good as absent") {
    CHECK(parse_credential(
        R"({"version":1,"provider":"p","method":"k","api_key":"sandbox-k","expires_at":null,"scopes":null})"));
}

TEST_CASE("what a damaged file gets") {
    struct Case {
        const char* name;
        const char* json;
        const char* reason;
    };
    const Case cases[] = {
        {"empty", "", "it is not JSON"},
        {"not an object", "[]", "it is not a JSON object"},
        {"another version",
         R"({"version":2,"provider":"p","method":"m","api_key":"k"})",
         "`version` is not 1"},
        {"no version", R"({"provider":"p","method":"m","api_key":"k"})", "`version` is not 1"},
        {"no provider", R"({"version":1,"method":"m","api_key":"k"})", "`provider` is missing"},
        {"no method", R"({"version":1,"provider":"p","api_key":"k"})", "`method` is missing"},
        {"no secret", R"({"version":1,"provider":"p","method":"m"})", "neither"},
        {"token is a number",
         R"({"version":1,"provider":"p","method":"m","access_token":1})",
         "`access_token` is not a string"},
        {"bad time",
         R"({"version":1,"provider":"p","method":"m","api_key":"k","expires_at":"soon"})",
         "`expires_at`"},
        {"scopes hold a number",
         R"({"version":1,"provider":"p","method":"m","api_key":"k","scopes":["a",1]})",
         "`scopes`"},
        {"negative generation",
         R"({"version":1,"provider":"p","method":"m","api_key":"k","generation":-1})",
         "`generation`"},
        {"login_needed is text",
         R"({"version":1,"provider":"p","method":"m","api_key":"k","login_needed":"yes"})",
         "`login_needed`"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto parsed = parse_credential(c.json);
            REQUIRE_FALSE(parsed);
            CHECK(parsed.error().code == Errc::store_corrupt);
            CHECK_THAT(parsed.error().reason, Catch::Matchers::Contains(c.reason));
        }
    }
}

TEST_CASE("a file cut anywhere, or with something after it, is damaged and quotes nothing") {
    for (std::size_t length = 0; length < full.size(); ++length) {
        const auto parsed = parse_credential(std::string_view(full).substr(0, length));
        CAPTURE(length);
        REQUIRE_FALSE(parsed);
        REQUIRE(parsed.error().reason.find("sandbox") == std::string::npos);
    }
    CHECK_FALSE(parse_credential(full + "x"));
    CHECK(parse_credential(full + " \n"));
    CHECK_FALSE(parse_credential(std::string(longest_credential_file + 1, ' ')));
}

TEST_CASE("file names of ids") {
    struct Case {
        CredentialId id;
        const char* stem;
    };
    const Case cases[] = {
        {{"codex", "default"}, "codex@default"},
        {{"codex", "me@example.com"}, "codex@me%40example.com"},
        {{"a/b", "../x"}, "a%2Fb@..%2Fx"},
        {{"w\xC3\xB6rk", "a b%"}, "w%C3%B6rk@a%20b%25"},
    };
    for (const auto& c : cases) {
        CHECK(file_stem(c.id) == c.stem);
        CHECK(id_of_file_name(std::string(c.stem) + ".json") == c.id);
    }
    for (const auto* name : {"codex@default",
                             "codex.json",
                             "@x.json",
                             "codex@.json",
                             "codex@%61.json",
                             "codex@a@b.json",
                             "codex@a.json.corrupt-1",
                             "codex@%4.json",
                             "codex@me%40x.lock"}) {
        CHECK_FALSE(id_of_file_name(name));
    }
}
