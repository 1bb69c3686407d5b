#include "plugins/manifest.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

using namespace handover;
using plugins::parse_manifest;

namespace {

const std::string plugin = R"(manifest = 1
[plugin]
id = "demo"
version = "1.0"
)";
const std::string provider = R"([provider]
dialects = ["responses"]
base_url = "https://api.example.com/v1/"
)";
const std::string oauth2 = R"([[auth]]
id = "sub"
kind = "oauth2"
billing = "subscription"
issuer = "https://id.example.com/"
client_id = "c"
scopes = ["openid"]
)";
const std::string head = plugin + provider;

}  // namespace

TEST_CASE("a whole manifest") {
    const auto manifest = parse_manifest(R"(manifest = 1
[plugin]
id = "demo"
version = "1.2.3"
name = "Demo"
vendor = "V"
homepage = "https://example.com"
license = "MIT"
description = "D"
[provider]
dialects = ["responses", "chat_completions"]
base_url = "https://api.example.com/v1/"
hosts = ["https://b.example.com/"]
default_model = "m"
concurrency = 3
[provider.options.originator]
type = "string"
default = "a\"b"
description = "who"
[provider.options.deep]
type = "boolean"
default = true
[provider.options.size]
type = "integer"
default = 7
[[auth]]
id = "sub"
label = "Plan"
kind = "oauth2"
billing = "subscription"
issuer = "https://id.example.com/"
discovery = "fallback"
authorization_endpoint = "{issuer}/authorize"
token_endpoint = "{issuer}/token"
revocation_endpoint = "https://other.example.com/revoke"
device_authorization_endpoint = "{issuer}/device"
device_token_endpoint = "{issuer}/device/token"
verification_uri = "{issuer}/page"
device_flow = "codex"
client_id = "c"
scopes = ["openid", "offline_access"]
redirect_uris = ["http://localhost:1455/cb", "http://127.0.0.1:0/cb", "http://[::1]:1/cb"]
authorize_params = { originator = "x" }
token_params = { resource = "y" }
refresh_encoding = "json"
revocation_encoding = "json"
nonce = "if_present"
terminal_errors = ["reused"]
refresh_lead = "10m"
claims_from = "access_token"
subject = "account"
[auth.claims]
account = "/https:~1~1example.com/account"
[auth.attach]
Authorization = "Bearer {access_token}"
X-Account = "{claim:account}"
[[auth]]
id = "key"
kind = "api_key"
billing = "metered"
env = ["DEMO_KEY"]
)",
                                         "plugin.toml");
    if (!manifest) FAIL(manifest.error().message << "\n" << manifest.error().reason);
    CHECK(manifest->id == "demo");
    CHECK(manifest->base_url == "https://api.example.com/v1");
    CHECK(manifest->hosts == std::vector<std::string>{"https://b.example.com"});
    CHECK(manifest->concurrency == 3);
    CHECK(manifest->options.at("originator").default_json == R"("a\"b")");
    CHECK(manifest->options.at("deep").default_json == "true");
    CHECK(manifest->options.at("size").default_json == "7");
    REQUIRE(manifest->methods.size() == 2);
    REQUIRE(manifest->auth_tables.size() == 2);
    const auto& sub = manifest->methods[0];
    CHECK(sub.billing == auth::Billing::subscription);
    CHECK(sub.issuer == "https://id.example.com/");
    CHECK(sub.endpoints.authorization_endpoint == "https://id.example.com/authorize");
    CHECK(sub.endpoints.revocation_endpoint == "https://other.example.com/revoke");
    CHECK(sub.discovery == auth::Discovery::fallback);
    CHECK(sub.redirect_uris.size() == 3);
    CHECK(sub.refresh_encoding == auth::BodyEncoding::json);
    CHECK(sub.nonce == auth::Nonce::if_present);
    CHECK(sub.device_flow == auth::DeviceFlow::codex);
    CHECK(sub.refresh_lead == std::chrono::minutes(10));
    CHECK(sub.claims_from == auth::ClaimsFrom::access_token);
    CHECK(sub.subject == "account");
    CHECK(sub.attach.at("X-Account") == "{claim:account}");
    CHECK(manifest->methods[1].env == std::vector<std::string>{"DEMO_KEY"});
    CHECK(manifest->methods[1].attach.at("Authorization") == "Bearer {api_key}");
}

TEST_CASE("defaults of a method") {
    const auto manifest = parse_manifest(head + oauth2, "p");
    REQUIRE(manifest);
    const auto& method = manifest->methods.at(0);
    CHECK(method.redirect_uris == std::vector<std::string>{"http://127.0.0.1:0/callback"});
    CHECK(method.nonce == auth::Nonce::require);
    CHECK(method.discovery == auth::Discovery::first);
    CHECK(method.attach ==
          std::map<std::string, std::string>{{"Authorization", "Bearer {access_token}"}});
    CHECK(method.refresh_encoding == auth::BodyEncoding::form);
    CHECK_FALSE(method.refresh_lead.has_value());
}

TEST_CASE("a manifest of a newer format says so, whatever else it holds") {
    const auto manifest = parse_manifest("manifest = 2\n[new]\nthing = 1\n", "p.so");
    REQUIRE_FALSE(manifest);
    CHECK(manifest.error().code == Errc::plugin_invalid);
    CHECK(manifest.error().message == "p.so:1:1: the manifest is of a newer format, 2");
    CHECK(manifest.error().fix.find("update handover") != std::string::npos);
}

TEST_CASE("what is wrong with a manifest") {
    const std::string key = "[[auth]]\nid = \"key\"\nkind = \"api_key\"\nbilling = \"metered\"\n";
    struct Case {
        const char* name;
        std::string text;
        const char* place;
        const char* words;
    };
    const Case cases[] = {
        {"empty", "", "p:1:1", "needs \"manifest\""},
        {"format 0", "manifest = 0\n" + head.substr(13) + key, "p:1:1", "between 1 and 1"},
        {"format as text",
         "manifest = \"1\"\n" + head.substr(13) + key,
         "p:1:1",
         "must be an integer, not a string"},
        {"no plugin", "manifest = 1\n" + provider + key, "p:1:1", "needs \"plugin\""},
        {"no provider", plugin + key, "p:1:1", "needs \"provider\""},
        {"no auth", head, "p:1:1", "needs \"auth\""},
        {"auth as a table", head + "[auth]\nid = \"x\"\n", "p:8:2", "must be a list, not a table"},
        {"unknown table", head + key + "[provder]\n", "p:12:2", "Did you mean \"provider\"?"},
        {"bad id",
         "manifest = 1\n[plugin]\nid = \"De mo\"\nversion = \"1\"\n" + provider + key,
         "p:3:1",
         "a-z"},
        {"id of 33",
         "manifest = 1\n[plugin]\nid = \"" + std::string(33, 'a') + "\"\nversion = \"1\"\n" +
             provider + key,
         "p:3:1",
         "1 to 32"},
        {"no version",
         "manifest = 1\n[plugin]\nid = \"x\"\n" + provider + key,
         "p:2:2",
         "needs \"version\""},
        {"unknown dialect",
         plugin + "[provider]\ndialects = [\"response\"]\n" + key,
         "p:6:1",
         "Did you mean \"responses\"?"},
        {"no dialect", plugin + "[provider]\ndialects = []\n" + key, "p:6:1", "at least one"},
        {"dialect twice",
         plugin + "[provider]\ndialects = [\"responses\", \"responses\"]\n" + key,
         "p:6:1",
         "twice"},
        {"http base",
         plugin + "[provider]\ndialects = [\"responses\"]\nbase_url = \"http://example.com\"\n" +
             key,
         "p:7:1",
         "https"},
        {"host with a path",
         head + "hosts = [\"https://x.example.com/a\"]\n" + key,
         "p:8:1",
         "no path"},
        {"concurrency 0", head + "concurrency = 0\n" + key, "p:8:1", "between 1 and"},
        {"misspelt key",
         head + "defualt_model = \"x\"\n" + key,
         "p:8:1",
         "Did you mean \"default_model\"?"},
        {"option without a type",
         head + "[provider.options.x]\n" + key,
         "p:8:19",
         "needs \"type\""},
        {"option of another type",
         head + "[provider.options.x]\ntype = \"integer\"\ndefault = \"1\"\n" + key,
         "p:10:1",
         "not of the option's type"},
        {"unknown kind",
         head + "[[auth]]\nid = \"k\"\nkind = \"apikey\"\nbilling = \"metered\"\n",
         "p:10:1",
         "Did you mean \"api_key\"?"},
        {"no billing",
         head + "[[auth]]\nid = \"k\"\nkind = \"api_key\"\n",
         "p:8:1",
         "needs \"billing\""},
        {"id twice", head + key + key, "p:12:1", "declared twice"},
        {"key of another kind",
         head + key + "issuer = \"https://x.example.com\"\n",
         "p:12:1",
         "unknown key \"issuer\""},
        {"bad variable", head + key + "env = [\"A-B\"]\n", "p:12:1", "no name of a variable"},
        {"no issuer",
         head + "[[auth]]\nid = \"s\"\nkind = \"oauth2\"\nbilling = \"metered\"\nclient_id = "
                "\"c\"\nscopes = []\n",
         "p:8:1",
         "needs \"issuer\""},
        {"no client_id",
         head + "[[auth]]\nid = \"s\"\nkind = \"oauth2\"\nbilling = \"metered\"\nissuer = "
                "\"https://i.example.com\"\nscopes = []\n",
         "p:8:1",
         "needs \"client_id\""},
        {"http issuer",
         head + "[[auth]]\nid = \"s\"\nkind = \"oauth2\"\nbilling = \"metered\"\nissuer = "
                "\"http://i.example.com\"\nclient_id = \"c\"\nscopes = []\n",
         "p:12:1",
         "https"},
        {"never without endpoints",
         head + oauth2 + "discovery = \"never\"\n",
         "p:15:1",
         "needs token_endpoint"},
        {"issuer glued to a host",
         head + oauth2 + "token_endpoint = \"{issuer}.evil.example\"\n",
         "p:15:1",
         "go on with '/'"},
        {"http endpoint",
         head + oauth2 + "token_endpoint = \"http://x.example.com/t\"\n",
         "p:15:1",
         "https"},
        {"redirect elsewhere",
         head + oauth2 + "redirect_uris = [\"http://example.com:1/cb\"]\n",
         "p:15:1",
         "LOOPBACK"},
        {"redirect without a port",
         head + oauth2 + "redirect_uris = [\"http://localhost/cb\"]\n",
         "p:15:1",
         "LOOPBACK"},
        {"no redirect", head + oauth2 + "redirect_uris = []\n", "p:15:1", "at least one"},
        {"host's authorize parameter",
         head + oauth2 + "authorize_params = { state = \"x\" }\n",
         "p:15:1",
         "the host does"},
        {"host's token parameter",
         head + oauth2 + "token_params = { grant_type = \"x\" }\n",
         "p:15:1",
         "the host does"},
        {"codex device flow without its endpoints",
         head + oauth2 + "device_flow = \"codex\"\n",
         "p:15:1",
         "needs"},
        {"no such nonce rule",
         head + oauth2 + "nonce = \"required\"\n",
         "p:15:1",
         "Did you mean \"require\"?"},
        {"claim without a slash",
         head + oauth2 + "[auth.claims]\na = \"email\"\n",
         "p:15:7",
         "JSON pointer"},
        {"bad escape in a pointer",
         head + oauth2 + "[auth.claims]\na = \"/x~2\"\n",
         "p:15:7",
         "JSON pointer"},
        {"subject that is no claim",
         head + oauth2 + "subject = \"emial\"\n[auth.claims]\nemail = \"/email\"\n",
         "p:15:1",
         "Did you mean \"email\"?"},
        {"unknown claim attached",
         head + oauth2 + "[auth.attach]\nX = \"{claim:acount}\"\n[auth.claims]\naccount = \"/a\"\n",
         "p:15:7",
         "Did you mean \"account\"?"},
        {"unknown placeholder",
         head + oauth2 + "[auth.attach]\nX = \"{token}\"\n",
         "p:15:7",
         "{access_token}"},
        {"key in an oauth2 method",
         head + oauth2 + "[auth.attach]\nX = \"{api_key}\"\n",
         "p:15:7",
         "unknown placeholder"},
        {"unpaired brace",
         head + oauth2 + "[auth.attach]\nX = \"{access_token\"\n",
         "p:15:7",
         "unpaired"},
        {"closing brace", head + oauth2 + "[auth.attach]\nX = \"a}\"\n", "p:15:7", "unpaired"},
        {"attached host",
         head + oauth2 + "[auth.attach]\nhost = \"x\"\n",
         "p:15:7",
         "the host does"},
        {"attached proxy header",
         head + oauth2 + "[auth.attach]\nproxy-authorization = \"x\"\n",
         "p:15:7",
         "the host does"},
        {"no token",
         head + oauth2 + "[auth.attach]\n\"X Y\" = \"x\"\n",
         "p:15:7",
         "no name of a header"},
        {"control character",
         head + oauth2 + "[auth.attach]\nX = \"a\\r\\nB: c\"\n",
         "p:15:7",
         "control character"},
        {"header twice",
         head + oauth2 + "[auth.attach]\nX-A = \"a\"\nx-a = \"b\"\n",
         "p:15:7",
         "twice"},
        {"attach as text",
         head + oauth2 + "attach = \"x\"\n",
         "p:15:1",
         "must be a table of strings"},
        {"scope with a space",
         head + "[[auth]]\nid = \"s\"\nkind = \"oauth2\"\nbilling = \"metered\"\nissuer = "
                "\"https://i.example.com\"\nclient_id = \"c\"\nscopes = [\"a b\"]\n",
         "p:14:1",
         "not one scope"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto manifest = parse_manifest(c.text, "p");
            REQUIRE_FALSE(manifest);
            CHECK(manifest.error().code == Errc::plugin_invalid);
            const auto everything = manifest.error().message + "\n" + manifest.error().reason;
            INFO(everything);
            CHECK(everything.find(std::string(c.place) + ": ") != std::string::npos);
            CHECK(everything.find(c.words) != std::string::npos);
        }
    }
}

TEST_CASE("all that is wrong is said at once, in the file's order") {
    const auto manifest =
        parse_manifest(head + "zzz = 1\nconcurrency = \"a\"\n" + oauth2 + "yyy = 2\n", "p");
    REQUIRE_FALSE(manifest);
    CHECK(manifest.error().message.rfind("p:8:1: unknown key \"zzz\" in [provider].", 0) == 0);
    CHECK(manifest.error().reason.rfind("p:9:1: ", 0) == 0);
    CHECK(manifest.error().reason.find("\np:17:1: unknown key \"yyy\" in auth method \"sub\".") !=
          std::string::npos);
}

TEST_CASE("one method's table alone") {
    const auto table = config::parse_toml(
        "id = \"k\"\nkind = \"none\"\nbilling = \"local\"\n", "c.toml", Errc::internal);
    REQUIRE(table);
    const auto method = plugins::decode_method(*table, Errc::config_invalid);
    REQUIRE(method);
    CHECK(method->attach.empty());
    const auto wrong = config::parse_toml(
        "id = \"k\"\nkind = \"none\"\nbilling = \"free\"\n", "c.toml", Errc::internal);
    REQUIRE(wrong);
    const auto refused = plugins::decode_method(*wrong, Errc::config_invalid);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::config_invalid);
    CHECK(refused.error().message.rfind("c.toml:3:1: ", 0) == 0);
}

TEST_CASE("the plugins' own manifests") {
    for (const std::string id : {"codex", "openai"}) {
        DYNAMIC_SECTION(id) {
            std::ifstream file(std::string(SOURCE_FOLDER "/plugins/") + id + "/plugin.toml");
            REQUIRE(file);
            const std::string text(std::istreambuf_iterator<char>(file), {});
            const auto manifest = parse_manifest(text, "plugin.toml");
            if (!manifest) FAIL(manifest.error().message << "\n" << manifest.error().reason);
            CHECK(manifest->id == id);
        }
    }
}
