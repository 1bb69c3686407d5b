#include "config/paths.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace handover;
using config::find_paths;

namespace {

using Variables = std::map<std::string, std::string>;

config::GetEnvironment from(const Variables& variables) {
    return [variables](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

}  // namespace

TEST_CASE("where everything is") {
    struct Case {
        const char* name;
        Variables variables;
        const char* option;
        const char* config_file;
        const char* credentials;
        const char* state;
        const char* cache;
        bool named;
    };
    const Case cases[] = {
        {"one folder for all",
         {{"HANDOVER_HOME", "/h"}, {"HOME", "/u"}},
         "",
         "/h/config.toml",
         "/h/credentials",
         "/h/state",
         "/h/cache",
         false},
        {"XDG defaults",
         {{"HOME", "/u"}},
         "",
         "/u/.config/handover/config.toml",
         "/u/.local/share/handover/credentials",
         "/u/.local/state/handover",
         "/u/.cache/handover",
         false},
        {"XDG set",
         {{"HOME", "/u"},
          {"XDG_CONFIG_HOME", "/c"},
          {"XDG_DATA_HOME", "/d"},
          {"XDG_STATE_HOME", "/s"},
          {"XDG_CACHE_HOME", "/k"}},
         "",
         "/c/handover/config.toml",
         "/d/handover/credentials",
         "/s/handover",
         "/k/handover",
         false},
        {"relative XDG is ignored",
         {{"HOME", "/u"}, {"XDG_CONFIG_HOME", "c"}},
         "",
         "/u/.config/handover/config.toml",
         "/u/.local/share/handover/credentials",
         "/u/.local/state/handover",
         "/u/.cache/handover",
         false},
        {"empty HANDOVER_HOME is unset",
         {{"HANDOVER_HOME", ""}, {"HOME", "/u"}},
         "",
         "/u/.config/handover/config.toml",
         "/u/.local/share/handover/credentials",
         "/u/.local/state/handover",
         "/u/.cache/handover",
         false},
        {"HANDOVER_CONFIG",
         {{"HANDOVER_HOME", "/h"}, {"HANDOVER_CONFIG", "/x.toml"}},
         "",
         "/x.toml",
         "/h/credentials",
         "/h/state",
         "/h/cache",
         true},
        {"--config wins",
         {{"HANDOVER_HOME", "/h"}, {"HANDOVER_CONFIG", "/x.toml"}},
         "y.toml",
         "y.toml",
         "/h/credentials",
         "/h/state",
         "/h/cache",
         true},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto paths = find_paths(from(c.variables), c.option);
            REQUIRE(paths);
            CHECK(paths->config_file == c.config_file);
            CHECK(paths->credentials == c.credentials);
            CHECK(paths->state == c.state);
            CHECK(paths->cache == c.cache);
            CHECK(paths->config_file_was_named == c.named);
        }
    }
}

TEST_CASE("a relative HANDOVER_HOME is taken from the current folder") {
    const auto paths = find_paths(from({{"HANDOVER_HOME", "rel"}}), "");
    REQUIRE(paths);
    CHECK(paths->plugins == std::filesystem::current_path() / "rel/plugins");
}

TEST_CASE("without HOME the password database answers") {
    const auto paths = find_paths(from({}), "");
    REQUIRE(paths);
    CHECK(paths->config_file.is_absolute());
}
