#include "config/config.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <fstream>
#include <sstream>

using namespace handover;
using config::Config;
using config::parse_config;

namespace {

void check_defaults(const Config& config) {
    const Config defaults;
    CHECK(config.plugin_paths == defaults.plugin_paths);
    CHECK(config.refresh_lead == defaults.refresh_lead);
    CHECK(config.login_timeout == defaults.login_timeout);
    CHECK(config.proxy == defaults.proxy);
    CHECK(config.ca_file == defaults.ca_file);
    CHECK(config.connect_timeout == defaults.connect_timeout);
    CHECK(config.first_byte_timeout == defaults.first_byte_timeout);
    CHECK(config.idle_timeout == defaults.idle_timeout);
    CHECK(config.max_retries == defaults.max_retries);
    CHECK(config.listen == defaults.listen);
    CHECK(config.max_body == defaults.max_body);
    CHECK(config.max_queue == defaults.max_queue);
    CHECK(config.front == defaults.front);
    CHECK_FALSE(config.default_provider.has_value());
    CHECK(config.providers.empty());
}

// Lines like `#key = ...` and `#[table]` hold config, lines like `# Words` speak to people.
std::string uncommented(std::string_view text) {
    std::istringstream lines{std::string(text)};
    std::string result;
    for (std::string line; std::getline(lines, line);) {
        const bool config_line = line.size() > 1 && line[0] == '#' && line[1] != ' ';
        result += (config_line ? line.substr(1) : line) + "\n";
    }
    return result;
}

}  // namespace

TEST_CASE("an empty config is all defaults") {
    const auto config = parse_config("", "c.toml");
    REQUIRE(config);
    check_defaults(*config);
}

TEST_CASE("the annotated default says what the code does") {
    const auto config = parse_config(config::annotated_default(), "handover.toml");
    REQUIRE(config);
    check_defaults(*config);
}

TEST_CASE("the annotated default parses with every line uncommented") {
    const auto text = uncommented(config::annotated_default());
    const auto config = parse_config(text, "handover.toml");
    if (!config) FAIL(config.error().message << "\n" << config.error().reason);
    CHECK(config->default_provider == "codex");
    CHECK(config->providers.size() == 4);
    CHECK(config->providers.at("mine").headers.at("X-Team") == "blue");
    CHECK(config->providers.at("company").auth.count("login") == 1);
    check_defaults([&] {
        auto rest = *config;
        rest.default_provider.reset();
        rest.providers.clear();
        return rest;
    }());
}

TEST_CASE("a whole config") {
    const auto config = parse_config(R"(default_provider = "codex"
[plugins]
paths = ["/opt/p"]
[auth]
refresh_lead = 60
login_timeout = "1h"
[http]
proxy = "http://proxy.example.com:3128"
ca_file = "/ca.pem"
connect_timeout = "250ms"
first_byte_timeout = "1m"
idle_timeout = "2m"
max_retries = 0
[serve]
listen = "[::1]:0"
max_body = "10kB"
max_queue = 1
queue_timeout = "5s"
fallback = ["codex", "openai/gpt-5"]
hosts = ["gateway.internal", "fd00::1"]
origins = ["https://app.example.com", "http://localhost:3000"]
tls_certificate = "/etc/server.pem"
tls_key = "server.key"
max_connections = 10
head_timeout = 1
body_timeout = "2s"
keep_alive = "3s"
stall_timeout = "4s"
stream_keep_alive = "500ms"
grace = 0
[models]
fast = "groq/org/llama"
[models."big one"]
provider = "codex"
model = "m"
fallback = ["openai"]
[models.either]
fallback = ["codex", "openai/gpt-5"]
[models.default-with]
model = "m"
[providers."a.b-c_9"]
plugin = "openai"
preset = "groq"
base_url = "https://api.example.com/v1//"
dialects = ["responses"]
model = "m"
account = "work"
auth_method = "api-key"
concurrency = 8
headers = { "X-Team" = "blue" }
query = { "api-version" = "1" }
options = { a = 1 }
allow_http = true
[providers."a.b-c_9".auth.api-key]
env = ["K"]
)",
                                     "c.toml");
    if (!config) FAIL(config.error().message << "\n" << config.error().reason);
    CHECK(config->default_provider == "codex");
    CHECK(config->plugin_paths == std::vector<std::filesystem::path>{"/opt/p"});
    CHECK(config->login_timeout == std::chrono::hours(1));
    CHECK(config->proxy == "http://proxy.example.com:3128");
    CHECK(config->ca_file == "/ca.pem");
    CHECK(config->first_byte_timeout == std::chrono::minutes(1));
    CHECK(config->idle_timeout == std::chrono::minutes(2));
    CHECK(config->max_body == 10000);
    CHECK(config->max_queue == 1);
    CHECK(config->queue_timeout == std::chrono::seconds(5));
    using namespace std::chrono_literals;
    CHECK(config->front ==
          config::FrontSettings{.hosts = {"gateway.internal", "fd00::1"},
                                .origins = {"https://app.example.com", "http://localhost:3000"},
                                .tls_certificate = "/etc/server.pem",
                                .tls_key = "server.key",
                                .max_connections = 10,
                                .head_timeout = 1s,
                                .body_timeout = 2s,
                                .keep_alive = 3s,
                                .stall_timeout = 4s,
                                .stream_keep_alive = 500ms,
                                .grace = 0s});
    using At = config::ModelAt;
    CHECK(config->fallback == std::vector<At>{{"codex", ""}, {"openai", "gpt-5"}});
    REQUIRE(config->models.size() == 4);
    CHECK(config->models.at("fast") == config::ModelAlias{{"groq", "org/llama"}, {}});
    CHECK(config->models.at("big one") == config::ModelAlias{{"codex", "m"}, {{"openai", ""}}});
    CHECK(config->models.at("either") == config::ModelAlias{{"codex", ""}, {{"openai", "gpt-5"}}});
    CHECK(config->models.at("default-with") == config::ModelAlias{{"", "m"}, {}});
    const auto& provider = config->providers.at("a.b-c_9");
    CHECK(provider.plugin == "openai");
    CHECK(provider.preset == "groq");
    CHECK(provider.dialects == std::vector<std::string>{"responses"});
    CHECK(provider.model == "m");
    CHECK(provider.account == "work");
    CHECK(provider.auth_method == "api-key");
    CHECK(provider.concurrency == 8);
    CHECK(provider.headers.at("X-Team") == "blue");
    CHECK(provider.query.at("api-version") == "1");
}

TEST_CASE("values of a config") {
    const auto config = parse_config(R"([auth]
refresh_lead = 60
[http]
connect_timeout = "250ms"
max_retries = 0
[serve]
listen = "[::1]:0"
max_body = "1KiB"
[providers."a.b-c_9"]
base_url = "https://api.example.com/v1//"
options = { a = 1 }
allow_http = true
concurrency = 1
[providers."a.b-c_9".auth.api-key]
env = ["K"]
)",
                                     "c.toml");
    if (!config) FAIL(config.error().message << "\n" << config.error().reason);
    CHECK(config->refresh_lead == std::chrono::seconds(60));
    CHECK(config->connect_timeout == std::chrono::milliseconds(250));
    CHECK(config->max_retries == 0);
    CHECK(config->listen == "[::1]:0");
    CHECK(config->max_body == 1024);
    const auto& provider = config->providers.at("a.b-c_9");
    CHECK(provider.base_url == "https://api.example.com/v1");
    CHECK(provider.options.find("a") != nullptr);
    CHECK(provider.allow_http == true);
    CHECK(provider.concurrency == 1);
    CHECK(provider.auth.at("api-key").find("env")->at.text() == "c.toml:15:1");
    CHECK_FALSE(provider.plugin.has_value());
}

TEST_CASE("a config file") {
    const auto file = std::filesystem::temp_directory_path() /
                      ("handover-config-test-" + std::to_string(getpid()) + ".toml");
    std::filesystem::remove(file);
    SECTION("that is missing is all defaults") {
        const auto config = config::load_config(file, false);
        REQUIRE(config);
        CHECK_FALSE(config->exists);
        CHECK(config->file == file);
    }
    SECTION("that is missing although named") {
        const auto config = config::load_config(file, true);
        REQUIRE_FALSE(config);
        CHECK(config.error().code == Errc::config_not_found);
    }
    SECTION("is read") {
        std::ofstream(file) << "default_provider = \"x\"\n";
        const auto config = config::load_config(file, true);
        REQUIRE(config);
        CHECK(config->exists);
        CHECK(config->default_provider == "x");
    }
    SECTION("that is a folder") {
        const auto config = config::load_config(std::filesystem::temp_directory_path(), true);
        REQUIRE_FALSE(config);
        CHECK(config.error().code == Errc::config_invalid);
    }
    std::filesystem::remove(file);
}
