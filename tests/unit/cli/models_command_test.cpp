#include <catch2/catch.hpp>

#include "models/cache.hpp"
#include "scene.hpp"

namespace handover::cli {
namespace {

constexpr auto codex_url = "https://chatgpt.com/backend-api/codex";

void keep(const Scene& scene, std::vector<plugins::Model> models, std::chrono::hours ago) {
    models::store_kept(
        scene.path("cache"),
        {.provider = "codex", .account = "default", .base_url = codex_url},
        {.models = std::move(models), .fetched_at = std::chrono::system_clock::now() - ago});
}

}  // namespace

TEST_CASE("models: columns only where something is known; the default is marked") {
    Scene scene;
    scene.write("config.toml", "[providers.codex]\nmodel = \"m-2\"\n");
    keep(scene, {{.id = "m-1", .display_name = "One"}, {.id = "m-2"}}, std::chrono::hours(0));
    REQUIRE(scene.run({"models", "-p", "codex"}));
    CHECK(scene.out ==
          "MODEL          NAME\n"
          "m-1            One\n"
          "m-2 (default)  -\n");
    CHECK(scene.err.empty());
    CHECK(scene.requests == 0);
}

TEST_CASE("models: none") {
    Scene scene;
    keep(scene, {}, std::chrono::hours(0));
    REQUIRE(scene.run({"models", "-p", "codex"}));
    CHECK(scene.out.empty());
    CHECK(scene.err == "codex lists no models.\n");
    REQUIRE(scene.run({"models", "-p", "codex", "--json"}));
    CHECK(scene.out.find("\"models\":[]") != std::string::npos);
}

TEST_CASE("models: who is not logged in is told so, whatever is kept") {
    Scene scene;
    keep(scene, {{.id = "m-1"}}, std::chrono::hours(2));
    const auto result = scene.run({"models", "-p", "codex"});
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::auth_not_logged_in);
}

}  // namespace handover::cli
