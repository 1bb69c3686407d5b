#include "providers/provider.hpp"

#include <algorithm>

#include "config/table_reader.hpp"
#include "fixture.hpp"

using namespace handover;
using handover::test::World;

namespace {

providers::Provider resolved(const World& world, const std::string& name) {
    auto provider = world.resolve(name);
    if (!provider) FAIL(provider.error().message << "\n" << provider.error().reason);
    return std::move(*provider);
}

const auth::Method& method(const providers::Provider& provider, const std::string& id) {
    const auto found = std::find_if(provider.methods.begin(),
                                    provider.methods.end(),
                                    [&](const auto& one) { return one.id == id; });
    REQUIRE(found != provider.methods.end());
    return *found;
}

}  // namespace

TEST_CASE("a plugin's id is a provider") {
    const auto provider = resolved(World(""), "plan");
    CHECK(provider.plugin == "plan");
    CHECK_FALSE(provider.preset.has_value());
    CHECK(provider.base_url == "https://plan.example.com/api");
    CHECK(provider.model == "large");
    CHECK(provider.manifest_concurrency == 4);
    CHECK(provider.manifest_env_applies);
    CHECK(provider.options == R"({"originator":"handover"})");
    REQUIRE(provider.methods.size() == 2);
    CHECK(provider.methods[0].endpoints.token_endpoint == "https://id.example.com/token");
    CHECK(provider.origins_of_values.at("base_url") == "plugin plan");
    CHECK(provider.origins_of_values.at("auth.subscription.issuer") == "plugin plan");
    const auto target = provider.target();
    CHECK(target.origins ==
          std::vector<std::string>{"https://plan.example.com", "https://files.example.com"});
    CHECK(target.account == "default");
    CHECK(provider.target("work").account == "work");
}

TEST_CASE("a preset is a provider") {
    const auto provider = resolved(World(""), "groq");
    CHECK(provider.plugin == "openai");
    CHECK(provider.preset == "groq");
    CHECK(provider.base_url == "https://api.groq.com/openai/v1");
    CHECK(method(provider, "api-key").env == std::vector<std::string>{"GROQ_API_KEY"});
    CHECK(method(provider, "api-key").attach.at("Authorization") == "Bearer {api_key}");
    CHECK(provider.manifest_env_applies);
    CHECK(provider.config_env.empty());
    CHECK(provider.origins_of_values.at("base_url") == "preset groq");
    CHECK(provider.origins_of_values.at("auth.api-key.env") == "preset groq");
    CHECK(provider.origins_of_values.at("auth.api-key.kind") == "plugin openai");
}

TEST_CASE("a local preset needs no key, but sends one if there is one") {
    const auto provider = resolved(World(""), "ollama");
    REQUIRE(provider.methods.size() == 2);
    CHECK(provider.methods[0].kind == auth::Kind::api_key);
    CHECK(provider.methods[0].billing == auth::Billing::local);
    CHECK(provider.methods[1].kind == auth::Kind::none);
    CHECK(provider.methods[1].billing == auth::Billing::local);
    CHECK(provider.methods[1].attach.empty());
    CHECK_FALSE(provider.warns_plain_http);
}

TEST_CASE("a section makes a preset's values its own") {
    const World world(R"([providers.fast]
preset = "groq"
model = "m"
account = "work"
concurrency = 8
headers = { X-Team = "blue" }
query = { v = "1" }
[providers.groq]
model = "n"
)");
    const auto provider = resolved(world, "fast");
    CHECK(provider.base_url == "https://api.groq.com/openai/v1");
    CHECK(provider.model == "m");
    CHECK(provider.account == "work");
    CHECK(provider.configured_concurrency == 8);
    CHECK(provider.headers.at("X-Team") == "blue");
    CHECK(provider.query.at("v") == "1");
    CHECK(provider.origins_of_values.at("model") == "/etc/c.toml:3:1");
    CHECK(provider.origins_of_values.at("headers.X-Team") == "/etc/c.toml:6:13");
    // A section with a preset's name and no plugin builds on that preset.
    CHECK(resolved(world, "groq").base_url == "https://api.groq.com/openai/v1");
    CHECK(resolved(world, "groq").model == "n");
}

TEST_CASE("in what a service departs from its dialect, switch by switch") {
    const World world(R"([providers.mine]
preset = "mistral"
[providers.mine.compatibility]
stream_options = true
drop = ["seed"]
)");
    const auto preset = resolved(world, "mistral").compatibility;
    CHECK(preset.developer_role == false);
    CHECK(preset.stream_options == false);
    CHECK(preset.tool_call_id_length == 9);
    CHECK(preset.required_tool_choice == "any");

    const auto mine = resolved(world, "mine");
    CHECK(mine.compatibility.stream_options == true);
    CHECK(mine.compatibility.drop == std::vector<std::string>{"seed"});
    CHECK(mine.compatibility.tool_call_id_length == 9);
    CHECK(mine.origins_of_values.at("compatibility.stream_options") == "/etc/c.toml:4:1");
    CHECK(mine.origins_of_values.at("compatibility.tool_call_id_length") == "preset mistral");

    CHECK(resolved(world, "openai").compatibility == config::Compatibility());
    CHECK(resolved(world, "deepseek").compatibility.reasoning_field == "reasoning_content");
}

TEST_CASE("every preset stands on the openai plugin") {
    for (const auto& name : config::preset_names()) {
        DYNAMIC_SECTION(name) {
            const auto preset = config::find_preset(name);
            REQUIRE(preset);
            const bool complete = !(*preset)->base_url->empty();
            const World world(complete ? ""
                                       : "[providers." + name + "]\nbase_url = \"" +
                                             *(*preset)->base_url_example + "\"\n");
            const auto provider = resolved(world, name);
            CHECK(provider.manifest_env_applies);
            for (const auto& one : provider.methods) {
                CHECK(std::find(one.env.begin(), one.env.end(), "OPENAI_API_KEY") == one.env.end());
            }
        }
    }
}

TEST_CASE("a preset without an address says what to write") {
    const auto provider = World("").resolve("azure");
    REQUIRE_FALSE(provider);
    CHECK(provider.error().code == Errc::config_invalid);
    CHECK(provider.error().fix.find("https://RESOURCE.openai.azure.com/openai/v1") !=
          std::string::npos);

    const auto azure = resolved(
        World("[providers.azure]\nbase_url = \"https://r.openai.azure.com/openai/v1\"\n"), "azure");
    CHECK(method(azure, "api-key").attach ==
          std::map<std::string, std::string>{{"api-key", "{api_key}"}});
    CHECK(azure.manifest_env_applies);
}

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

TEST_CASE("a moved provider has neither the plugin's other hosts nor its default model") {
    const auto provider = resolved(
        World("[providers.x]\nplugin = \"plan\"\nbase_url = \"https://elsewhere.example/v1/\"\n"),
        "x");
    CHECK(provider.base_url == "https://elsewhere.example/v1");
    CHECK(provider.hosts.empty());
    CHECK(provider.model.empty());
    CHECK(provider.target().origins == std::vector<std::string>{"https://elsewhere.example"});
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

TEST_CASE("options") {
    const auto provider = resolved(
        World("[providers.plan]\noptions = { originator = \"a\\\"b\", depth = 3 }\n"), "plan");
    CHECK(provider.options == R"({"depth":3,"originator":"a\"b"})");
    CHECK(provider.origins_of_values.at("options.depth") == "/etc/c.toml:2:34");
}

TEST_CASE("plain http elsewhere is allowed in words only, and warns") {
    const auto provider = resolved(World("[providers.x]\nplugin = \"openai\"\nbase_url = "
                                         "\"http://gpu.example/v1\"\nallow_http = true\n"),
                                   "x");
    CHECK(provider.warns_plain_http);
    CHECK_FALSE(
        resolved(
            World("[providers.x]\nplugin = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\n"),
            "x")
            .warns_plain_http);
}

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
         "c.toml:2:1: there is no preset \"gorq\". Did you mean \"groq\"?"},
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
         "c.toml:2:1: auth method \"subscription\" is declared as \"oauth2\""},
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
         "c.toml:2:1: \"authorize_params\" in auth method \"subscription\" may not set \"state\""},
        {"pinned method",
         "[providers.plan]\nauth_method = \"apikey\"\n",
         "plan",
         Errc::config_invalid,
         "c.toml:2:1: there is no auth method \"apikey\". Did you mean \"api-key\"?"},
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
         "c.toml:2:13: plugin plan has no option \"orginator\". Did you mean \"originator\"?"},
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

TEST_CASE("known names come in the order of look-up, each once") {
    const World world("[providers.zed]\nplugin = \"plan\"\n[providers.groq]\nmodel = \"m\"\n");
    const auto names = providers::known_names(world.sources());
    CHECK(names.at(0) == "groq");
    CHECK(names.at(1) == "zed");
    CHECK(std::count(names.begin(), names.end(), "groq") == 1);
    CHECK(names.back() == "openai");
}
