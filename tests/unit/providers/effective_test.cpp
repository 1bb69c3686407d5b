#include "providers/effective.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "fixture.hpp"

using namespace handover;
using handover::test::World;

namespace {

config::GetEnvironment environment(std::map<std::string, std::string> variables) {
    return
        [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional(found->second);
        };
}

const std::string example = R"(default_provider = "plan"
[auth]
refresh_lead = "90s"
[http]
proxy = "http://user:sandbox-password@proxy.example.com:3128"
max_retries = 5
[providers.mine]
preset = "groq"
model = "m"
base_url = "https://models.example.com/v1"
concurrency = 8
headers = { X-Team = "blue", X-Access-Token = "sandbox-header" }
query = { api-version = "1", sig = "sandbox-query" }
[providers.typo]
plugin = "openai"
auth_method = "apikey"
)";

}  // namespace

TEST_CASE("config show, as it is printed") {
    const World world(example);
    const auto shown =
        providers::show(world.sources(), environment({{"SSL_CERT_FILE", "/ca.pem"}}));
    const std::string path = SOURCE_FOLDER "/tests/unit/providers/golden/config_show.toml";
    if (std::getenv("HANDOVER_WRITE_GOLDEN") != nullptr) std::ofstream(path) << shown;
    std::ifstream file(path);
    const std::string expected(std::istreambuf_iterator<char>(file), {});
    CHECK(shown == expected);
    CHECK(shown.find("sandbox-") == std::string::npos);
    // It is TOML.
    CHECK(config::parse_toml(shown, "shown", Errc::internal));
}

TEST_CASE("the environment's provider stands above the config's") {
    const World world("default_provider = \"plan\"\n");
    const auto shown =
        providers::show(world.sources(), environment({{"HANDOVER_PROVIDER", "openai"}}));
    CHECK(shown.find("default_provider = \"openai\"  # environment HANDOVER_PROVIDER\n") !=
          std::string::npos);
    CHECK(shown.find("[providers.openai]") != std::string::npos);
}

TEST_CASE("config check finds all of it") {
    CHECK(providers::check(World("").sources(), environment({})).empty());
    const World world(
        "default_provider = \"nope\"\n[providers.a]\nplugin = \"openai\"\nauth_method = \"x\"\n"
        "[providers.b]\nplugin = \"missing\"\n[providers.c]\nplugin = \"plan\"\n");
    const auto errors = providers::check(world.sources(), environment({}));
    REQUIRE(errors.size() == 3);
    CHECK(errors[0].code == Errc::config_invalid);
    CHECK(errors[1].code == Errc::plugin_not_found);
    CHECK(errors[2].code == Errc::provider_unknown);
}
