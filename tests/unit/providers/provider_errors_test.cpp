#include "fixture.hpp"
#include "providers/provider.hpp"

using namespace handover;
using handover::test::World;

TEST_CASE("what is wrong with a provider") {
    struct Case {
        const char* name;
        const char* toml;
        const char* provider;
        Errc code;
        const char* words;
    };
    const Case cases[] = {
        {"mistyped plugin id", "", "paln", Errc::provider_unknown, "Did you mean \"plan\"?"},
        {"mistyped preset", "", "grok", Errc::provider_unknown, "Did you mean \"groq\"?"},
        {"mistyped section",
         "[providers.mine]\nplugin = \"plan\"\n",
         "mien",
         Errc::provider_unknown,
         "Did you mean \"mine\"?"},
        {"no name at all", "", "", Errc::provider_unknown, "there is no provider"},
        {"a broken plugin", "", "broken", Errc::plugin_invalid, "provider \"broken\": broken.so"},
        {"a missing plugin",
         "[providers.x]\nplugin = \"nope\"\n",
         "x",
         Errc::plugin_not_found,
         "provider \"x\": there is no plugin"},
        {"neither plugin nor preset",
         "[providers.x]\nmodel = \"m\"\n",
         "x",
         Errc::config_invalid,
         "c.toml:1:12: [providers.x] names neither"},
        {"mistyped preset of a section",
         "[providers.x]\npreset = \"gorq\"\n",
         "x",
         Errc::config_invalid,
         R"(c.toml:2:1: there is no preset "gorq". Did you mean "groq"?)"},
        {"http elsewhere",
         "[providers.x]\nplugin = \"plan\"\nbase_url = \"http://example.com\"\n",
         "x",
         Errc::config_invalid,
         "c.toml:3:1: \"base_url\" is plain http"},
        {"loosened billing",
         "[providers.plan.auth.subscription]\nbilling = \"metered\"\n",
         "plan",
         Errc::config_invalid,
         "c.toml:2:1: auth method \"subscription\" is declared a subscription"},
        {"another way round it",
         "[providers.plan.auth.x]\nkind = \"oauth2\"\nbilling = \"metered\"\nissuer = "
         "\"https://id.example.com/\"\nclient_id = \"c\"\nscopes = []\n",
         "plan",
         Errc::config_invalid,
         "c.toml:3:1: auth method \"x\" logs in to the issuer of a subscription"},
        {"another kind",
         "[providers.plan.auth.subscription]\nkind = \"api_key\"\n",
         "plan",
         Errc::config_invalid,
         R"(c.toml:2:1: auth method "subscription" is declared as "oauth2")"},
        {"an id of its own",
         "[providers.plan.auth.subscription]\nid = \"x\"\n",
         "plan",
         Errc::config_invalid,
         "c.toml:2:1: the id of"},
        {"mistyped method",
         "[providers.plan.auth.subscriptoin]\nclient_id = \"x\"\n",
         "plan",
         Errc::config_invalid,
         "Did you mean \"subscription\"?"},
        {"mistyped key of a method",
         "[providers.plan.auth.subscription]\nclient_di = \"x\"\n",
         "plan",
         Errc::config_invalid,
         "c.toml:2:1: unknown key \"client_di\" in auth method \"subscription\". Did you mean "
         "\"client_id\"?"},
        {"key of another kind",
         "[providers.plan.auth.api-key]\nissuer = \"https://x.example\"\n",
         "plan",
         Errc::config_invalid,
         "c.toml:2:1: unknown key \"issuer\""},
        {"incomplete method",
         "[providers.plan.auth.own]\nkind = \"oauth2\"\n",
         "plan",
         Errc::config_invalid,
         "needs \"issuer\""},
        {"host's parameter",
         "[providers.plan.auth.subscription]\nauthorize_params = { state = \"x\" }\n",
         "plan",
         Errc::config_invalid,
         R"(c.toml:2:1: "authorize_params" in auth method "subscription" may not set "state")"},
        {"pinned method",
         "[providers.plan]\nauth_method = \"apikey\"\n",
         "plan",
         Errc::config_invalid,
         R"(c.toml:2:1: there is no auth method "apikey". Did you mean "api-key"?)"},
        {"a dialect of others",
         "[providers.plan]\ndialects = [\"chat_completions\"]\n",
         "plan",
         Errc::config_invalid,
         "c.toml:2:1: plugin plan does not speak"},
        {"credential as a header",
         "[providers.x]\nplugin = \"openai\"\nheaders = { authorization = \"x\" }\n",
         "x",
         Errc::config_invalid,
         "c.toml:3:13: header \"authorization\" carries the credential"},
        {"attached header",
         "[providers.azure]\nbase_url = \"https://r.example.com\"\nheaders = { Api-Key = \"x\" }\n",
         "azure",
         Errc::config_invalid,
         "c.toml:3:13: header \"Api-Key\" carries"},
        {"mistyped option",
         "[providers.plan]\noptions = { orginator = \"x\" }\n",
         "plan",
         Errc::config_invalid,
         R"(c.toml:2:13: plugin plan has no option "orginator". Did you mean "originator"?)"},
        {"option's type",
         "[providers.plan]\noptions = { depth = \"3\" }\n",
         "plan",
         Errc::config_invalid,
         "c.toml:2:13: option \"depth\" must be an integer, not a string"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto provider = World(c.toml).resolve(c.provider);
            REQUIRE_FALSE(provider);
            CHECK(provider.error().code == c.code);
            const auto everything = provider.error().message + "\n" + provider.error().reason;
            INFO(everything);
            CHECK(everything.find(c.words) != std::string::npos);
            CHECK((c.code == Errc::plugin_invalid || c.code == Errc::plugin_not_found ||
                   !provider.error().fix.empty()));
        }
    }
}

TEST_CASE("all that is wrong with a provider is said at once") {
    const auto provider =
        World("[providers.plan]\nauth_method = \"x\"\ndialects = [\"chat_completions\"]\n")
            .resolve("plan");
    REQUIRE_FALSE(provider);
    CHECK(provider.error().message.find("c.toml:2:1: ") != std::string::npos);
    CHECK(provider.error().reason.find("c.toml:3:1: ") != std::string::npos);
}
