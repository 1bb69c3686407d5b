#include "providers/provider.hpp"

#include <algorithm>

#include "config/table_reader.hpp"
#include "fixture.hpp"

using namespace handover;
using handover::test::method;
using handover::test::resolved;
using handover::test::World;

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

TEST_CASE("a moved provider has neither the plugin's other hosts nor its default model") {
    const auto provider = resolved(
        World("[providers.x]\nplugin = \"plan\"\nbase_url = \"https://elsewhere.example/v1/\"\n"),
        "x");
    CHECK(provider.base_url == "https://elsewhere.example/v1");
    CHECK(provider.hosts.empty());
    CHECK(provider.model.empty());
    CHECK(provider.target().origins == std::vector<std::string>{"https://elsewhere.example"});
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

TEST_CASE("known names come in the order of look-up, each once") {
    const World world("[providers.zed]\nplugin = \"plan\"\n[providers.groq]\nmodel = \"m\"\n");
    const auto names = providers::known_names(world.sources());
    CHECK(names.at(0) == "groq");
    CHECK(names.at(1) == "zed");
    CHECK(std::count(names.begin(), names.end(), "groq") == 1);
    CHECK(names.back() == "openai");
}
