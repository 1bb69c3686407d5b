#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include "cli/error_output.hpp"
#include "document.hpp"
#include "models/cache.hpp"
#include "scene.hpp"

namespace handover::cli {
namespace {

std::set<std::string> members_of(const boost::json::value& value) {
    std::set<std::string> members;
    for (const auto& member : value.as_object()) members.emplace(member.key());
    return members;
}

std::set<std::string> documented(const std::string& heading) {
    static const auto sections = read_document("json.md");
    const auto found = sections.find(heading);
    return found == sections.end() ? std::set<std::string>() : found->second.members;
}

boost::json::value printed(Scene& scene, const std::vector<std::string>& arguments) {
    const auto result = scene.run(arguments);
    REQUIRE(result);
    REQUIRE(scene.out.back() == '\n');
    return boost::json::parse(scene.out);
}

}  // namespace

TEST_CASE("docs/json.md describes what the commands print, member by member") {
    Scene scene;
    scene.log_in_to_codex(3600);
    scene.write("plugins/broken.so", "no shared object\n");

    const auto status = printed(scene, {"auth", "status", "--json"});
    CHECK(members_of(status.as_array().at(0)) == documented("auth status"));

    const auto explain = printed(scene, {"auth", "explain", "codex", "--json"});
    CHECK(members_of(explain) == documented("auth explain"));
    const auto& candidates = explain.at("candidates").as_array();
    REQUIRE(!candidates.empty());
    for (const auto& candidate : candidates)
        CHECK(members_of(candidate) == documented("auth explain: a candidate"));

    const auto list = printed(scene, {"plugins", "list", "--json"});
    bool seen_broken = false;
    for (const auto& plugin : list.as_array()) {
        CHECK(members_of(plugin) == documented("plugins list"));
        if (plugin.at("state") != "broken") continue;
        seen_broken = true;
        CHECK(members_of(plugin.at("error")) == documented("Errors"));
    }
    CHECK(seen_broken);

    const auto inspect = printed(scene, {"plugins", "inspect", "codex", "--json"});
    CHECK(members_of(inspect) == documented("plugins inspect"));
    CHECK(members_of(inspect.at("auth").at(0)) == documented("plugins inspect: an auth method"));

    scene.write("state/limits/codex@default.json",
                R"({"version": 1,
                    "windows": [{"name": "primary", "used_percent": 42, "limit": null, "remaining": null,
                                 "window_seconds": 18000, "resets_at": "2026-11-22T17:00:00Z",
                                 "source": "header", "observed_at": "2026-11-22T12:00:00Z"}],
                    "blocked": {"until": null, "reason": "used up", "since": "2026-11-22T12:00:00Z",
                                "probe_at": "2026-11-22T12:30:00Z", "generation": 7}})");
    const auto all_limits = printed(scene, {"limits", "--json"});
    const auto& limits = all_limits.as_array().at(0);
    CHECK(members_of(limits) == documented("limits"));
    CHECK(members_of(limits.at("windows").at(0)) == documented("limits: a window"));
    CHECK(members_of(limits.at("blocked")) == documented("limits: blocked"));
    const auto rows = printed(scene, {"auth", "status", "codex", "--json"});
    CHECK(rows.at(0).at("limits").at("windows") == limits.at("windows"));
    CHECK(rows.at(0).at("limits").at("blocked") == limits.at("blocked"));

    CHECK(scene.run({"doctor", "--json"}));
    const auto doctor = boost::json::parse(scene.out);
    CHECK(members_of(doctor) == documented("doctor"));
    for (const auto& row : doctor.at("rows").as_array())
        CHECK(members_of(row) == documented("doctor: a row"));

    models::store_kept(scene.path("cache"),
                       {.provider = "codex",
                        .account = "default",
                        .base_url = "https://chatgpt.com/backend-api/codex"},
                       {.models = {{.id = "m-1"}}, .fetched_at = std::chrono::system_clock::now()});
    const auto listing = printed(scene, {"models", "-p", "codex", "--json"});
    CHECK(members_of(listing) == documented("models"));
    CHECK(members_of(listing.at("models").at(0)) == documented("models: a model"));

    const auto error = boost::json::parse(
        error_json({.code = Errc::usage, .message = "no", .reason = {}, .fix = {}}));
    CHECK(members_of(error.at("error")) == documented("Errors"));
}

}  // namespace handover::cli
