#include <catch2/catch.hpp>

#include <cerrno>

#include "scene.hpp"

namespace handover::cli {
namespace {

std::string value_of(const Scene& scene, const std::string& name) {
    for (const auto& [known, value] : scene.became_with.set) {
        if (known == name) return std::string(value.reveal());
    }
    return {};
}

}  // namespace

TEST_CASE("exec becomes the program, with the key of the environment") {
    Scene scene;
    scene.environment["OPENAI_API_KEY"] = "sandbox-key-1";
    scene.become_error = ENOENT;
    const auto missing = scene.run({"exec", "-p", "openai", "--", "no\x1bsuch", "a"});
    REQUIRE(missing);
    CHECK(*missing == 127);
    CHECK(scene.became == std::vector<std::string>{"no\x1bsuch", "a"});
    CHECK(value_of(scene, "OPENAI_API_KEY") == "sandbox-key-1");
    CHECK(value_of(scene, "OPENAI_BASE_URL") == "https://api.openai.com/v1");
    CHECK(scene.err.find('\x1b') == std::string::npos);
    CHECK(scene.out.empty());
    for (const int error : {EACCES, ENOEXEC, ENOTDIR, E2BIG}) {
        CAPTURE(error);
        scene.become_error = error;
        const auto unusable = scene.run({"exec", "-p", "openai", "--", "cmd"});
        REQUIRE(unusable);
        CHECK(*unusable == 126);
    }
    CHECK(scene.requests == 0);
}

TEST_CASE("exec keeps a subscription, refreshes nothing for it, and gives way to a flag") {
    Scene scene;
    scene.log_in_to_codex(-10);
    const auto refused = scene.run({"exec", "-p", "codex", "--", "cmd"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::usage);
    CHECK(refused.error().fix.find("--allow-subscription") != std::string::npos);
    CHECK(scene.requests == 0);
    CHECK(scene.became.empty());

    scene.log_in_to_codex(3600);
    REQUIRE(scene.run({"exec", "-p", "codex", "--allow-subscription", "--", "cmd"}));
    CHECK(scene.became == std::vector<std::string>{"cmd"});
    CHECK(value_of(scene, "OPENAI_API_KEY") == "sandbox-access-1");
    CHECK(value_of(scene, "OPENAI_BASE_URL") == "https://chatgpt.com/backend-api/codex");
}

TEST_CASE("exec: what ends before anything runs") {
    Scene scene;
    struct Case {
        const char* name;
        std::vector<std::string> arguments;
        Errc code;
    };
    const Case cases[] = {
        {"no command", {"exec", "-p", "openai", "--"}, Errc::usage},
        {"no --", {"exec", "-p", "openai", "cmd"}, Errc::usage},
        {"no credential", {"exec", "-p", "openai", "--", "cmd"}, Errc::auth_no_credential},
        {"no such provider", {"exec", "-p", "opnai", "--", "cmd"}, Errc::provider_unknown},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto result = scene.run(c.arguments);
            REQUIRE_FALSE(result);
            CHECK(result.error().code == c.code);
            CHECK(scene.became.empty());
        }
    }
    scene.environment["OPENAI_API_KEY"] = "sandbox-key-1";
    const auto unknown = scene.run({"exec", "-p", "openai", "--env", "A={token}", "--", "cmd"});
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == Errc::usage);
    CHECK(scene.became.empty());
}

TEST_CASE("exec: a provider that needs no key") {
    Scene scene;
    REQUIRE(scene.run({"exec", "-p", "ollama", "--", "cmd"}));
    CHECK(value_of(scene, "OPENAI_API_KEY") == "none");
}

}  // namespace handover::cli
