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

TEST_CASE("what is wrong with a config") {
    struct Case {
        const char* name;
        const char* text;
        const char* place;
        const char* words;
    };
    const Case cases[] = {
        {"no TOML", "a = = 1", "c.toml:1:", ""},
        {"unknown key",
         "defualt_provider = \"x\"",
         "c.toml:1:1",
         "Did you mean \"default_provider\"?"},
        {"unknown key far from any",
         "xyzzyxyzzy = 1",
         "c.toml:1:1",
         "unknown key \"xyzzyxyzzy\" in the config"},
        {"unknown section", "[htpp]\nproxy = \"\"", "c.toml:1:2", "Did you mean \"http\"?"},
        {"section as a value", "http = 1", "c.toml:1:1", "must be a table, not an integer"},
        {"unknown key in a section",
         "[http]\n  conect_timeout = 1",
         "c.toml:2:3",
         "Did you mean \"connect_timeout\"?"},
        {"no duration", "[auth]\nrefresh_lead = \"soon\"", "c.toml:2:1", "duration"},
        {"negative duration", "[auth]\nrefresh_lead = -1", "c.toml:2:1", "duration"},
        {"login time-out of nothing",
         "[auth]\nlogin_timeout = 0",
         "c.toml:2:1",
         "longer than nothing"},
        {"text for a number",
         "[http]\nmax_retries = \"3\"",
         "c.toml:2:1",
         "must be an integer, not a string"},
        {"number below", "[http]\nmax_retries = -1", "c.toml:2:1", "between 0 and 20"},
        {"number above", "[http]\nmax_retries = 21", "c.toml:2:1", "between 0 and 20"},
        {"no size", "[serve]\nmax_body = \"32 MiB of it\"", "c.toml:2:1", "size"},
        {"size too large to count",
         "[serve]\nmax_body = \"99999999999999GiB\"",
         "c.toml:2:1",
         "size"},
        {"size above", "[serve]\nmax_body = \"2GiB\"", "c.toml:2:1", "between 1KiB and 1GiB"},
        {"a host with a port", "[serve]\nhosts = [\"a:80\"]", "c.toml:2:1", "without a port"},
        {"a host that is a URL", "[serve]\nhosts = [\"http://a\"]", "c.toml:2:1", "without a port"},
        {"a certificate without a key",
         "[serve]\ntls_certificate = \"a\"",
         "c.toml:1:2",
         "tls_key"},
        {"a key without a certificate",
         "[serve]\ntls_key = \"a\"",
         "c.toml:1:2",
         "tls_certificate"},
        {"a certificate that is no path",
         "[serve]\ntls_key = \"a\"\ntls_certificate = 1",
         "c.toml:3:1",
         "tls_certificate"},
        {"an origin with a path",
         "[serve]\norigins = [\"https://a.example.com/\"]",
         "c.toml:2:1",
         "is not an origin"},
        {"an origin without a scheme",
         "[serve]\norigins = [\"a.example.com\"]",
         "c.toml:2:1",
         "is not an origin"},
        {"no time for a head", "[serve]\nhead_timeout = 0", "c.toml:2:1", "longer than nothing"},
        {"a name to listen on",
         "[serve]\nlisten = \"example.com:80\"",
         "c.toml:2:1",
         "ADDRESS:PORT"},
        {"no path to listen on", "[serve]\nlisten = \"unix:\"", "c.toml:2:1", "unix:PATH"},
        {"no port", "[serve]\nlisten = \"127.0.0.1\"", "c.toml:2:1", "ADDRESS:PORT"},
        {"port too large", "[serve]\nlisten = \"127.0.0.1:65536\"", "c.toml:2:1", "ADDRESS:PORT"},
        {"IPv6 without brackets", "[serve]\nlisten = \"::1:80\"", "c.toml:2:1", "ADDRESS:PORT"},
        {"fallback to nobody",
         "[serve]\nfallback = [\"/gpt-5\"]",
         "c.toml:2:1",
         "begin with a provider's name"},
        {"no time to wait", "[serve]\nqueue_timeout = 0", "c.toml:2:1", "longer than nothing"},
        {"alias without a provider", "[models]\nfast = \"/m\"", "c.toml:2:1", "provider's name"},
        {"alias as a number", "[models]\nfast = 1", "c.toml:2:1", "PROVIDER/MODEL"},
        {"unknown key of an alias", "[models.a]\nmodl = \"m\"", "c.toml:2:1", "\"model\"?"},
        {"an alias's fallback",
         "[models.a]\nfallback = [\"a b\"]",
         "c.toml:2:1",
         "provider's name"},
        {"paths as text",
         "[plugins]\npaths = \"/x\"",
         "c.toml:2:1",
         "must be a list of strings, not a string"},
        {"a number among paths",
         "[plugins]\npaths = [\"/x\", 1]",
         "c.toml:2:16",
         "must hold strings"},
        {"provider's name",
         "[providers.\"a/b\"]\nplugin = \"x\"",
         "c.toml:1:",
         "no name for a provider"},
        {"provider as a value", "[providers]\nx = 1", "c.toml:2:1", "must be a table"},
        {"unknown key of a provider",
         "[providers.x]\nplugn = \"x\"",
         "c.toml:2:1",
         "Did you mean \"plugin\"?"},
        {"description is for presets",
         "[providers.x]\ndescription = \"x\"",
         "c.toml:2:1",
         "unknown key"},
        {"base_url that is none",
         "[providers.x]\nbase_url = \"api.example.com\"",
         "c.toml:2:1",
         "absolute https URL"},
        {"base_url with a password",
         "[providers.x]\nbase_url = \"https://u:p@example.com\"",
         "c.toml:2:1",
         "user name"},
        {"base_url with a query",
         "[providers.x]\nbase_url = \"https://example.com?a=b\"",
         "c.toml:2:1",
         "query = "},
        {"concurrency 0", "[providers.x]\nconcurrency = 0", "c.toml:2:1", "between 1 and"},
        {"unknown dialect",
         "[providers.x]\ndialects = [\"chat\"]",
         "c.toml:2:1",
         "chat_completions"},
        {"host's header",
         "[providers.x]\nheaders = { A = \"1\", Host = \"x\" }",
         "c.toml:2:22",
         "belongs to the host"},
        {"header's name",
         "[providers.x]\nheaders = { \"A B\" = \"1\" }",
         "c.toml:2:13",
         "no name of a header"},
        {"header's value",
         "[providers.x.headers]\nA = \"1\\n2\"",
         "c.toml:2:1",
         "control character"},
        {"header as a number", "[providers.x.headers]\nA = 1", "c.toml:2:1", "must be a string"},
        {"auth as a value", "[providers.x.auth]\nsub = 1", "c.toml:2:1", "must be a table"},
        {"an unknown switch",
         "[providers.x.compatibility]\ndeveloper_rol = false",
         "c.toml:2:1",
         "developer_role"},
        {"a limit by another name",
         "[providers.x.compatibility]\nmax_tokens = \"max_output_tokens\"",
         "c.toml:2:1",
         "max_completion_tokens"},
        {"ids of 4 characters",
         "[providers.x.compatibility]\ntool_call_id_length = 4",
         "c.toml:2:1",
         "between 5 and 64"},
        {"ids of 65 characters",
         "[providers.x.compatibility]\ntool_call_id_length = 65",
         "c.toml:2:1",
         "between 5 and 64"},
        {"a choice of two words",
         "[providers.x.compatibility]\nrequired_tool_choice = \"a b\"",
         "c.toml:2:1",
         "must be a word"},
        {"no field of a request",
         "[providers.x.compatibility]\ndrop = [\"store\", \"\"]",
         "c.toml:2:1",
         "names no field"},
        {"a field that has to be there",
         "[providers.x.compatibility]\ndrop = [\"messages\"]",
         "c.toml:2:1",
         "cannot leave out"},
        {"a field for thoughts that nobody has",
         "[providers.x.compatibility]\nreasoning_field = \"thoughts\"",
         "c.toml:2:1",
         "reasoning_content"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto config = parse_config(c.text, "c.toml");
            REQUIRE_FALSE(config);
            CHECK(config.error().code == Errc::config_invalid);
            INFO(config.error().message);
            CHECK(config.error().message.rfind(c.place, 0) == 0);
            CHECK(config.error().message.find(c.words) != std::string::npos);
            CHECK_FALSE(config.error().fix.empty());
        }
    }
}

TEST_CASE("an error shows no header's value and no password") {
    const auto config = parse_config(
        "[providers.x]\nbase_url = \"https://u:sandbox-pw@example.com\"\nheaders = { A = "
        "\"sandbox-key\\n\" }\n",
        "c.toml");
    REQUIRE_FALSE(config);
    const auto all = config.error().message + config.error().reason;
    CHECK(all.find("sandbox-") == std::string::npos);
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
