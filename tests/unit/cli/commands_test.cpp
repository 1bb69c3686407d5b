#include <catch2/catch.hpp>

#include "scene.hpp"

namespace handover::cli {
namespace {

Errc code_of(const Result<int>& result) {
    return result ? Errc::internal : result.error().code;
}

}  // namespace

TEST_CASE("auth token prints the token alone") {
    Scene scene;
    scene.log_in_to_codex(3600);
    const auto result = scene.run({"auth", "token", "codex"});
    REQUIRE(result);
    CHECK(*result == 0);
    CHECK(scene.out == "sandbox-access-1\n");
    CHECK(scene.err.empty());
    CHECK(scene.requests == 0);
}

TEST_CASE("auth token prints a key of the environment") {
    Scene scene;
    scene.environment["OPENAI_API_KEY"] = "sandbox-key-1";
    REQUIRE(scene.run({"auth", "token", "openai"}));
    CHECK(scene.out == "sandbox-key-1\n");
}

TEST_CASE("auth token without a credential") {
    Scene scene;
    const auto result = scene.run({"auth", "token", "openai"});
    CHECK(code_of(result) == Errc::auth_no_credential);
    CHECK(scene.out.empty());
}

TEST_CASE("a mistyped provider gets the nearest name") {
    Scene scene;
    const auto result = scene.run({"auth", "token", "codx"});
    REQUIRE(!result);
    CHECK(result.error().code == Errc::provider_unknown);
    CHECK_THAT(result.error().message + result.error().reason + result.error().fix,
               Catch::Contains("codex"));
}

TEST_CASE("auth status of one provider exits 4 unless it is usable or can be refreshed") {
    struct Case {
        const char* name;
        long seconds_left;
        bool refresh_token;
        const char* status;
        int exit;
    };
    const Case cases[] = {
        {"fresh", 3600, true, "authenticated", 0},
        {"about to expire", 60, true, "expiring", 0},
        {"expired, but refreshable", -60, true, "expired", 0},
        {"expired for good", -60, false, "login needed", 4},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            Scene scene;
            scene.log_in_to_codex(c.seconds_left, c.refresh_token);
            const auto result = scene.run({"auth", "status", "codex"});
            REQUIRE(result);
            CHECK(*result == c.exit);
            CHECK_THAT(scene.out, Catch::StartsWith("PROVIDER"));
            CHECK_THAT(scene.out, Catch::Contains(c.status));
            CHECK(scene.requests == 0);
            CHECK_THAT(scene.out + scene.err, !Catch::Contains("sandbox-access-1"));
        }
    }
}

TEST_CASE("auth status shows what is stored though its provider is gone") {
    Scene scene;
    scene.log_in_to_codex(3600);
    scene.environment["HANDOVER_PLUGIN_PATH"] = "";
    REQUIRE(scene.run({"auth", "status"}));
    CHECK_THAT(scene.out, Catch::Contains("codex"));
    REQUIRE(scene.run({"auth", "logout", "codex"}));
    CHECK_FALSE(scene.exists("credentials/codex@default.json"));
}

TEST_CASE("auth status with nothing there") {
    Scene scene;
    const auto result = scene.run({"auth", "status", "--json"});
    REQUIRE(result);
    CHECK(*result == 0);
    CHECK(scene.out == "[]\n");
    REQUIRE(scene.run({"auth", "status"}));
    CHECK_THAT(scene.err, Catch::Contains("No provider is configured"));
}

TEST_CASE("login with a key from stdin") {
    Scene scene;
    scene.input = "sandbox-key-2\n";
    REQUIRE(scene.run({"auth", "login", "openai", "--with-api-key"}));
    CHECK_THAT(scene.err, Catch::Contains("Logged in to openai"));
    CHECK_THAT(scene.err, !Catch::Contains("sandbox-key-2"));
    REQUIRE(scene.run({"auth", "token", "openai"}));
    CHECK(scene.out == "sandbox-key-2\n");
}

TEST_CASE("login on a terminal asks before it replaces, unless told not to") {
    Scene scene;
    scene.input = "sandbox-key-3";
    REQUIRE(scene.run({"auth", "login", "openai", "--with-api-key"}));
    scene.terminal = true;
    scene.typed_secret = "sandbox-key-4";

    CHECK(code_of(scene.run({"auth", "login", "openai"})) == Errc::auth_cancelled);
    CHECK(scene.questions == 1);
    scene.terminal = false;
    REQUIRE(scene.run({"auth", "token", "openai"}));
    CHECK(scene.out == "sandbox-key-3\n");

    scene.terminal = true;
    REQUIRE(scene.run({"auth", "login", "openai", "--force"}));
    CHECK(scene.questions == 1);
    REQUIRE(scene.run({"auth", "token", "openai"}));
    CHECK(scene.out == "sandbox-key-4\n");
}

TEST_CASE("login says which methods there are") {
    struct Case {
        const char* name;
        std::vector<std::string> arguments;
        Errc code;
        const char* says;
    };
    const Case cases[] = {
        {"an unknown method",
         {"auth", "login", "codex", "--method", "subscripton"},
         Errc::auth_method_unsupported,
         "subscription"},
        {"a key where none is taken",
         {"auth", "login", "codex", "--with-api-key", "--method", "subscription"},
         Errc::auth_method_unsupported,
         "subscription"},
        {"a device code for a key",
         {"auth", "login", "openai", "--device"},
         Errc::auth_method_unsupported,
         "openai"},
        {"a key without a terminal", {"auth", "login", "openai"}, Errc::usage, "--with-api-key"},
        {"no provider", {"auth", "login"}, Errc::usage, "codex"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            Scene scene;
            const auto result = scene.run(c.arguments);
            REQUIRE(!result);
            CHECK(result.error().code == c.code);
            CHECK_THAT(result.error().message + result.error().reason + result.error().fix,
                       Catch::Contains(c.says));
        }
    }
}

TEST_CASE("import asks before it replaces a login, and keeps it unless told otherwise") {
    Scene scene;
    scene.write("auth.json", R"({"OPENAI_API_KEY":"sandbox-key-imported"})");
    const std::vector<std::string> import = {
        "auth", "import", "codex", "--from", scene.path("auth.json")};
    REQUIRE(scene.run(import));
    CHECK(scene.questions == 0);
    CHECK(scene.exists("credentials/openai@default.json"));
    CHECK_THAT(scene.err, !Catch::Contains("sandbox-key-imported"));

    CHECK(code_of(scene.run(import)) == Errc::auth_cancelled);
    CHECK(scene.questions == 0);
    scene.terminal = true;
    CHECK(code_of(scene.run(import)) == Errc::auth_cancelled);
    CHECK(scene.questions == 1);
    scene.says_yes = true;
    CHECK(scene.run(import));
    CHECK(scene.questions == 2);
    auto forced = import;
    forced.emplace_back("--force");
    CHECK(scene.run(forced));
    CHECK(scene.questions == 2);
    CHECK(scene.requests == 0);
}

TEST_CASE("logout") {
    Scene scene;
    CHECK(code_of(scene.run({"auth", "logout", "codex"})) == Errc::auth_not_logged_in);
    scene.log_in_to_codex(3600);
    REQUIRE(scene.run({"auth", "logout", "codex", "--no-revoke"}));
    CHECK(scene.requests == 0);
    CHECK_FALSE(scene.exists("credentials/codex@default.json"));
    CHECK(code_of(scene.run({"auth", "logout", "codex", "--all"})) == Errc::auth_not_logged_in);
}

TEST_CASE("run with nothing set up names the ways on") {
    Scene scene;
    const auto result = scene.run({"run", "hi"});
    REQUIRE(!result);
    CHECK(result.error().code == Errc::auth_no_credential);
    CHECK_THAT(result.error().fix, Catch::Contains("handover auth login codex"));
    CHECK_THAT(result.error().fix, Catch::Contains("OPENAI_API_KEY"));
}

TEST_CASE("which provider is meant") {
    Scene scene;
    scene.environment["OPENAI_API_KEY"] = "sandbox-key-5";
    // An empty prompt is refused after the provider was chosen and before anything is loaded or
    // sent.
    const auto chosen = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments = {"run"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return scene.run(arguments);
    };
    SECTION("the only usable one") {
        CHECK(chosen({}).error().message == "there is no prompt");
    }
    SECTION("several: an error that names them") {
        scene.log_in_to_codex(3600);
        const auto error = chosen({}).error();
        CHECK(error.code == Errc::usage);
        CHECK_THAT(error.reason, Catch::Contains("codex") && Catch::Contains("openai"));
        scene.environment["HANDOVER_PROVIDER"] = "codex";
        CHECK(chosen({}).error().message == "there is no prompt");
        scene.environment.erase("HANDOVER_PROVIDER");
        scene.write("config.toml", "default_provider = \"openai\"\n");
        CHECK(chosen({}).error().message == "there is no prompt");
        CHECK(scene.run({"run", "-p", "nobody", "hi"}).error().code == Errc::provider_unknown);
    }
}

TEST_CASE("handover alone says what to do next") {
    Scene scene;
    REQUIRE(scene.run({}));
    CHECK_THAT(
        scene.out,
        Catch::Contains("No credential yet") && Catch::Contains("handover auth login codex"));
    scene.log_in_to_codex(3600);
    REQUIRE(scene.run({}));
    CHECK_THAT(scene.out, Catch::Contains("Ready: codex") && Catch::Contains("handover run"));
    scene.environment["HANDOVER_PLUGIN_PATH"] = "";
    REQUIRE(scene.run({}));
    CHECK_THAT(scene.out,
               Catch::Contains("no plugin is") && Catch::Contains(scene.path("plugins")));
}

TEST_CASE("config path, init, check, show") {
    Scene scene;
    REQUIRE(scene.run({"config", "path"}));
    CHECK(scene.out == scene.path("config.toml") + "\n");
    REQUIRE(scene.run({"config", "check"}));
    CHECK_THAT(scene.err, Catch::Contains("does not exist"));
    REQUIRE(scene.run({"config", "init"}));
    CHECK(scene.exists("config.toml"));
    REQUIRE(scene.run({"config", "check"}));
    CHECK_THAT(scene.err, Catch::Contains("is fine"));
    CHECK(code_of(scene.run({"config", "init"})) == Errc::usage);
    REQUIRE(scene.run({"config", "init", "--force"}));

    scene.write(
        "config.toml",
        "[providers.mine]\nplugin = \"openai\"\nbase_url = \"http://models.example.com\"\n");
    CHECK(code_of(scene.run({"config", "check"})) == Errc::config_invalid);
    scene.write("config.toml", "defualt_provider = \"codex\"\n");
    CHECK(code_of(scene.run({"config", "check"})) == Errc::config_invalid);
    CHECK(code_of(scene.run({"--config", scene.path("none.toml"), "config", "show"})) ==
          Errc::config_not_found);

    scene.write("config.toml", "[providers.fast]\npreset = \"groq\"\nconcurrency = 8\n");
    REQUIRE(scene.run({"config", "show"}));
    CHECK_THAT(scene.out,
               Catch::Contains("concurrency") && Catch::Contains("groq") &&
                   Catch::Contains("config.toml:3"));
}

TEST_CASE("plugins inspect by file and by id") {
    Scene scene;
    REQUIRE(scene.run({"plugins", "inspect", "codex"}));
    const auto by_id = scene.out;
    CHECK_THAT(by_id, Catch::Contains("auth subscription"));
    REQUIRE(scene.run({"plugins", "inspect", HANDOVER_PLUGINS "/codex.so"}));
    CHECK(scene.out == by_id);
    CHECK(code_of(scene.run({"plugins", "inspect", "codx"})) == Errc::plugin_not_found);
}

TEST_CASE("doctor on a machine with nothing set up finds nothing wrong") {
    Scene scene;
    const auto result = scene.run({"doctor"});
    REQUIRE(result);
    INFO(scene.out);
    CHECK(*result == 0);
    CHECK_THAT(scene.out, Catch::Contains("0 problems"));
    CHECK_THAT(scene.out, Catch::Contains("no provider is configured"));
    CHECK(scene.requests == 0);
    CHECK(!scene.exists("credentials"));
    CHECK(!scene.exists("cache"));
    CHECK(!scene.exists("state"));
}

TEST_CASE("doctor exits by the first problem") {
    Scene scene;
    SECTION("a config that cannot be read") {
        scene.write("config.toml", "default_provider = 7\n");
        const auto result = scene.run({"doctor"});
        REQUIRE(result);
        CHECK(*result == 3);
        CHECK(scene.requests == 0);
    }
    SECTION("a login that has ended, before servers that do not answer") {
        scene.log_in_to_codex(-60, false);
        const auto result = scene.run({"doctor"});
        REQUIRE(result);
        CHECK(*result == 4);
        CHECK_THAT(scene.out, Catch::Contains("handover auth login codex"));
        CHECK_THAT(scene.out, !Catch::Contains("sandbox-access"));
    }
    SECTION("servers that do not answer") {
        scene.log_in_to_codex(3600);
        const auto result = scene.run({"doctor"});
        REQUIRE(result);
        CHECK(*result == 5);
        CHECK(scene.requests == 2);  // where it logs in, and where requests go
        CHECK_THAT(scene.out, Catch::Contains("no network in this test"));
    }
}

TEST_CASE("completion prints the script of a shell, and nothing else") {
    Scene scene;
    REQUIRE(scene.run({"completion", "bash"}));
    CHECK_THAT(scene.out, Catch::Contains("complete -F _handover handover"));
    CHECK(scene.err.empty());
    CHECK(code_of(scene.run({"completion", "sh"})) == Errc::usage);
}

}  // namespace handover::cli
