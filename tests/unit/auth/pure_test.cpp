// Resolution, binding, status, headers, concurrency: what is decided without I/O.
#include <catch2/catch.hpp>

#include "auth/binding.hpp"
#include "auth/resolution.hpp"
#include "auth/status.hpp"
#include "fake_authority.hpp"

using namespace handover::auth;
using namespace handover::auth::testing;
using handover::Errc;
using handover::Secret;

namespace {

Environment variables(std::map<std::string, std::string> values) {
    return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
        const auto found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    };
}

Credential stored_key() {
    Credential credential;
    credential.id = {"example", "default"};
    credential.method = "api-key";
    credential.api_key = Secret("sandbox-stored-key");
    return credential;
}

std::string winner(const Choice& choice) {
    return choice.winner == nullptr ? "" : choice.winner->id + " " + choice.source.text();
}

Method none_method() {
    Method method;
    method.id = "local";
    method.kind = Kind::none;
    method.billing = Billing::local;
    return method;
}

}  // namespace

TEST_CASE("which source wins") {
    struct Case {
        const char* name;
        std::vector<Method> methods;
        std::optional<Credential> stored;
        std::map<std::string, std::string> environment;
        std::optional<std::string> pinned;
        bool can_ask;
        const char* winner;
    };
    const auto oauth = oauth_method();
    const auto key = key_method();
    const Case cases[] = {
        {"stored login", {oauth, key}, login(at(1)), {}, {}, false, "subscription stored"},
        {"a key never displaces a stored subscription",
         {key, oauth},
         login(at(1)),
         {{"EXAMPLE_API_KEY", "sandbox-k"}},
         {},
         false,
         "subscription stored"},
        {"unless it is pinned",
         {key, oauth},
         login(at(1)),
         {{"EXAMPLE_API_KEY", "sandbox-k"}},
         "api-key",
         false,
         "api-key env:EXAMPLE_API_KEY"},
        {"no login: the key",
         {oauth, key},
         {},
         {{"EXAMPLE_API_KEY", "sandbox-k"}},
         {},
         false,
         "api-key env:EXAMPLE_API_KEY"},
        {"the first variable that is set",
         {key},
         {},
         {{"EXAMPLE_API_KEY", " \n"}, {"OTHER_API_KEY", "sandbox-k"}},
         {},
         false,
         "api-key env:OTHER_API_KEY"},
        {"environment before store",
         {key},
         stored_key(),
         {{"EXAMPLE_API_KEY", "sandbox-k"}},
         {},
         false,
         "api-key env:EXAMPLE_API_KEY"},
        {"stored key", {oauth, key}, stored_key(), {}, {}, true, "api-key stored"},
        {"the gateway's key is refused",
         {key},
         {},
         {{"EXAMPLE_API_KEY", "hok_abc"}},
         {},
         false,
         ""},
        {"a prompt is the last of all", {key, none_method()}, {}, {}, {}, true, "local "},
        {"a prompt", {oauth, key}, {}, {}, {}, true, "api-key prompt"},
        {"no prompt beside a stored subscription",
         {oauth, key},
         login(at(1)),
         {},
         {},
         true,
         "subscription stored"},
        {"nothing", {oauth, key}, {}, {}, {}, false, ""},
        {"pinned login is not there",
         {oauth, key},
         {},
         {{"EXAMPLE_API_KEY", "sandbox-k"}},
         "subscription",
         true,
         ""},
        {"none", {none_method()}, {}, {}, {}, false, "local "},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            auto target = target_with(c.methods);
            target.auth_method = c.pinned;
            const auto choice =
                choose(target, {.credential = c.stored}, variables(c.environment), c.can_ask);
            CHECK(winner(choice) == c.winner);
            CHECK((choice.winner == nullptr) == choice.error.has_value());
            int wins = 0;
            for (const auto& candidate : choice.candidates) {
                wins += candidate.wins ? 1 : 0;
                CHECK_FALSE(candidate.reason.empty());
            }
            CHECK(wins == (choice.winner == nullptr ? 0 : 1));
        }
    }
}

TEST_CASE("keys lose their white space") {
    const auto choice = choose(target_with({key_method()}),
                               {},
                               variables({{"EXAMPLE_API_KEY", " \tsandbox-k\r\n"}}),
                               false);
    CHECK(choice.key == Secret("sandbox-k"));
}

TEST_CASE("the plugin's variables do not count once base_url has moved; the config's own do") {
    auto target = target_with({key_method()});
    target.manifest_env_applies = false;
    const auto environment =
        variables({{"EXAMPLE_API_KEY", "sandbox-k"}, {"MINE", "sandbox-mine"}});
    CHECK(winner(choose(target, {}, environment, false)).empty());
    target.config_env = {{"api-key", {"MINE"}}};
    CHECK(winner(choose(target, {}, environment, false)) == "api-key env:MINE");
}

TEST_CASE("a store that cannot be read is not passed over for a metered key") {
    const handover::Error trouble = {
        .code = Errc::store_permissions, .message = "m", .reason = "r", .fix = "chmod 600 x"};
    const auto environment = variables({{"EXAMPLE_API_KEY", "sandbox-k"}});
    const auto choice = choose(
        target_with({oauth_method(), key_method()}), {.trouble = trouble}, environment, false);
    CHECK(winner(choice).empty());
    CHECK(choice.error->code == Errc::store_permissions);
    CHECK(winner(choose(target_with({key_method()}), {.trouble = trouble}, environment, false)) ==
          "api-key env:EXAMPLE_API_KEY");
}

TEST_CASE("what a credential is bound to") {
    auto bound = login(at(1));
    bind(bound, oauth_method(), {"https://api.example.com"});
    struct Case {
        const char* name;
        std::function<void(Method&, std::vector<std::string>&)> change;
        const char* key;
    };
    const Case cases[] = {
        {"nothing", [](Method&, auto&) {}, ""},
        {"issuer", [](Method& m, auto&) { m.issuer = "https://evil.example"; }, "issuer"},
        {"token endpoint",
         [](Method& m, auto&) { m.endpoints.token_endpoint = "https://evil.example/token"; },
         "token_endpoint"},
        {"client id", [](Method& m, auto&) { m.client_id = "other"; }, "client_id"},
        {"origin", [](Method&, auto& o) { o.front() = "https://evil.example"; }, "base_url"},
        {"one more origin",
         [](Method&, auto& o) { o.emplace_back("https://evil.example"); },
         "base_url"},
        {"loopback", [](Method&, auto& o) { o.front() = "http://127.0.0.1:9000"; }, "base_url"},
        {"scopes do not matter", [](Method& m, auto&) { m.scopes = {"x"}; }, ""},
        {"discovery first: the recorded endpoint is used",
         [](Method& m, auto&) {
             m.discovery = Discovery::first;
             m.endpoints.token_endpoint = "https://auth.example.com/declared";
         },
         ""},
        {"fallback on another server",
         [](Method& m, auto&) {
             m.discovery = Discovery::fallback;
             m.endpoints.token_endpoint = "https://evil.example/token";
         },
         "token_endpoint"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            auto method = oauth_method();
            std::vector<std::string> origins = {"https://api.example.com"};
            c.change(method, origins);
            const auto differs = mismatch(bound, method, origins);
            CHECK((differs ? differs->key : "") == c.key);
            if (!differs) return;
            auto target = target_with({method, key_method()});
            target.origins = origins;
            const auto choice = choose(
                target, {.credential = bound}, variables({{"EXAMPLE_API_KEY", "sandbox-k"}}), true);
            CHECK(choice.winner == nullptr);
            CHECK(choice.error->code == Errc::auth_not_logged_in);
            CHECK_THAT(choice.error->reason, Catch::Matchers::Contains(c.key));
        }
    }
    auto local = oauth_method();
    local.issuer = "http://127.0.0.1:9000";
    auto issued = login(at(1));
    issued.issuer = local.issuer;
    CHECK(mismatch(issued, local, {"https://api.example.com"})->key == "base_url");
    CHECK_FALSE(mismatch(issued, local, {"http://localhost:1"}));
    CHECK_FALSE(
        mismatch(login(at(1)), oauth_method(), {"https://anywhere.example"}));  // an older file
}

TEST_CASE("status of a stored login") {
    struct Case {
        const char* name;
        int expires_in;
        bool refresh_token;
        bool marked;
        Status status;
        bool usable;
    };
    const Case cases[] = {
        {"fresh", 1000, true, false, Status::authenticated, true},
        {"just before the lead", 301, true, false, Status::authenticated, true},
        {"at the lead", 300, true, false, Status::expiring, true},
        {"one second left", 1, true, false, Status::expiring, true},
        {"expired now", 0, true, false, Status::expired, true},
        {"expired without a refresh token", 0, false, false, Status::login_needed, false},
        {"marked, still valid", 1000, true, true, Status::login_needed, false},
        {"marked and expired", -1, true, true, Status::login_needed, false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            auto credential = login(at(c.expires_in), c.refresh_token ? "sandbox-r" : "");
            if (c.marked)
                credential.login_needed = LoginNeeded{.code = "invalid_grant", .at = at(0)};
            const StoredSource stored = {.credential = credential};
            const auto target = target_with({oauth_method()});
            const auto report =
                report_status(target, stored, choose(target, stored, {}, false), {.now = at(0)});
            CHECK(report.status == c.status);
            CHECK(report.usable() == c.usable);
            CHECK(report.source.text() == "stored");
        }
    }
}

TEST_CASE("status without a login") {
    const auto status = [](const Target& target, const Environment& environment) {
        return report_status(target, {}, choose(target, {}, environment, false), {.now = at(0)})
            .status;
    };
    CHECK(status(target_with({oauth_method()}), {}) == Status::not_authenticated);
    CHECK(status(target_with({key_method()}), {}) == Status::not_configured);
    CHECK(status(target_with({key_method()}), variables({{"EXAMPLE_API_KEY", "sandbox-k"}})) ==
          Status::configured);
    CHECK(status(target_with({none_method()}), {}) == Status::configured);
    CHECK(status_text(Status::login_needed) == "login needed");
    CHECK(status_json(Status::not_authenticated) == "not_authenticated");
}

TEST_CASE("effective concurrency") {
    CHECK(effective_concurrency(Billing::subscription, {}, {}) == Concurrency{.value = 1});
    CHECK(effective_concurrency(Billing::subscription, 1, 8) == Concurrency{.value = 1});
    const auto refused = effective_concurrency(Billing::subscription, 8, 4);
    CHECK(refused.value == 1);
    CHECK_THAT(refused.note, Catch::Matchers::Contains("configured 8"));
    CHECK(effective_concurrency(Billing::metered, 8, 2) == Concurrency{.value = 8});
    CHECK(effective_concurrency(Billing::metered, {}, 2) == Concurrency{.value = 2});
    CHECK(effective_concurrency(Billing::local, {}, {}) == Concurrency{.value = 4});
    CHECK(effective_concurrency(Billing::local, 0, {}) == Concurrency{.value = 1});
}

TEST_CASE("headers of a credential") {
    Resolved resolved;
    resolved.method = oauth_method();
    resolved.method.attach = {{"Authorization", "Bearer {access_token}"},
                              {"X-Account", "a-{claim:account}-z"}};
    resolved.credential = login(at(1));
    auto headers = attach_headers(resolved);
    REQUIRE(headers);
    REQUIRE(headers->size() == 1);  // no claim, no header
    CHECK(headers->front().value == Secret("Bearer sandbox-access-0"));
    resolved.claims = {{"account", "42"}};
    headers = attach_headers(resolved);
    REQUIRE(headers->size() == 2);
    CHECK(headers->back().value == Secret("a-42-z"));
    resolved.claims = {{"account", "4\r\nHost: evil"}};
    CHECK_FALSE(attach_headers(resolved));
    resolved.claims.clear();
    resolved.method.attach.clear();
    headers = attach_headers(resolved);
    REQUIRE(headers->size() == 1);
    CHECK(headers->front().name == "Authorization");
}
