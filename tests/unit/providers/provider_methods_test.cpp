// Ways to authenticate: what a config may change of those that a plugin declares, and which of them
// stay tied to a place.
#include "config/table_reader.hpp"
#include "fixture.hpp"
#include "providers/provider.hpp"

using namespace handover;
using handover::test::method;
using handover::test::resolved;
using handover::test::World;

TEST_CASE("variables belong to the place they were named for") {
    struct Case {
        const char* name;
        const char* toml;
        bool applies;
        std::vector<std::string> env;
        bool config_env;
    };
    const Case cases[] = {
        {"untouched", "[providers.x]\nplugin = \"openai\"\n", true, {"OPENAI_API_KEY"}, false},
        {"same origin, other path",
         "[providers.x]\nplugin = \"openai\"\nbase_url = \"https://api.openai.com/v2\"\n",
         true,
         {"OPENAI_API_KEY"},
         false},
        {"same origin, port written",
         "[providers.x]\nplugin = \"openai\"\nbase_url = \"https://API.openai.com:443/v1\"\n",
         true,
         {"OPENAI_API_KEY"},
         false},
        {"another port",
         "[providers.x]\nplugin = \"openai\"\nbase_url = \"https://api.openai.com:444/v1\"\n",
         false,
         {"OPENAI_API_KEY"},
         false},
        {"another host",
         "[providers.x]\nplugin = \"openai\"\nbase_url = \"https://example.com/v1\"\n",
         false,
         {"OPENAI_API_KEY"},
         false},
        {"another host, own variable",
         "[providers.x]\nplugin = \"openai\"\nbase_url = "
         "\"https://example.com/v1\"\n[providers.x.auth.api-key]\nenv = [\"X\"]\n",
         false,
         {"X"},
         true},
        {"a preset elsewhere",
         "[providers.x]\npreset = \"groq\"\nbase_url = \"https://example.com/v1\"\n",
         false,
         {"GROQ_API_KEY"},
         false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto provider = resolved(World(c.toml), "x");
            CHECK(provider.manifest_env_applies == c.applies);
            CHECK(method(provider, "api-key").env == c.env);
            CHECK((provider.config_env.count("api-key") == 1) == c.config_env);
            CHECK(provider.target().manifest_env_applies == c.applies);
        }
    }
}

TEST_CASE("an overridden issuer") {
    const std::string section =
        "[providers.plan.auth.subscription]\nissuer = \"http://127.0.0.1:9000\"\n";
    SECTION("takes {issuer} endpoints along, drops absolute ones and goes by discovery") {
        const auto provider = resolved(World(section), "plan");
        const auto& one = method(provider, "subscription");
        CHECK(one.issuer == "http://127.0.0.1:9000");
        CHECK(one.endpoints.authorization_endpoint == "http://127.0.0.1:9000/authorize");
        CHECK_FALSE(one.endpoints.token_endpoint.has_value());
        CHECK(one.discovery == auth::Discovery::first);
        CHECK(one.billing == auth::Billing::subscription);
        CHECK(provider.origins_of_values.at("auth.subscription.issuer") == "/etc/c.toml:2:1");
    }
    SECTION("with the endpoint said again keeps the declared order") {
        const auto provider =
            resolved(World(section + "token_endpoint = \"{issuer}/t\"\n"), "plan");
        CHECK(method(provider, "subscription").endpoints.token_endpoint ==
              "http://127.0.0.1:9000/t");
        CHECK(method(provider, "subscription").discovery == auth::Discovery::fallback);
    }
    SECTION("said as it was changes nothing") {
        const auto provider = resolved(
            World("[providers.plan.auth.subscription]\nissuer = \"https://id.example.com\"\n"),
            "plan");
        CHECK(method(provider, "subscription").endpoints.token_endpoint ==
              "https://id.example.com/token");
    }
    SECTION("with no discovery wanted is incomplete") {
        CHECK_FALSE(World(section + "discovery = \"never\"\n").resolve("plan"));
    }
}

TEST_CASE("a method of one's own") {
    const World world(R"([providers.company]
plugin = "openai"
base_url = "https://llm.example.com/v1"
[providers.company.auth.login]
kind = "oauth2"
issuer = "https://id.company.example"
client_id = "handover"
scopes = ["openid", "offline_access"]
[providers.mine]
plugin = "plan"
[providers.mine.auth.again]
kind = "oauth2"
issuer = "https://ID.example.com/"
client_id = "handover"
scopes = []
)");
    const auto company = resolved(world, "company");
    const auto& login = method(company, "login");
    CHECK(login.billing == auth::Billing::metered);
    CHECK(login.redirect_uris == std::vector<std::string>{"http://127.0.0.1:0/callback"});
    CHECK(login.attach.at("Authorization") == "Bearer {access_token}");
    CHECK(login.discovery == auth::Discovery::first);
    // The issuer of a declared subscription makes a subscription.
    CHECK(method(resolved(world, "mine"), "again").billing == auth::Billing::subscription);
}

TEST_CASE("billing may be tightened") {
    const auto provider =
        resolved(World("[providers.x]\nplugin = \"openai\"\n[providers.x.auth.api-key]\nbilling = "
                       "\"subscription\"\n"),
                 "x");
    CHECK(method(provider, "api-key").billing == auth::Billing::subscription);
}
