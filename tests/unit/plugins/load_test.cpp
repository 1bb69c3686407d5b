#include <sys/prctl.h>
#include <catch2/catch.hpp>

#include <cstdlib>

#include "files.hpp"
#include "plugins/plugin.hpp"
#include "plugins/trial.hpp"

using namespace handover;
using namespace handover::plugins;
using namespace handover::plugins::testing;

namespace {

LoadOptions options_in(const Folder& folder) {
    return {.trial_results = folder.path() / "state" / "plugin-trials.json",
            .self = TRIAL_CHILD,
            .image_copies = folder.path() / "cache",
            .trial_limit = std::chrono::seconds(60)};
}

}  // namespace

TEST_CASE("a good plugin loads, and loads again as the same") {
    const Folder folder;
    const auto file = install("good", folder.path(), "good");
    const auto plugin = Plugin::load(file, options_in(folder));
    INFO((plugin ? "" : plugin.error().message + ": " + plugin.error().reason));
    REQUIRE(plugin);
    CHECK((*plugin)->manifest().id == "good");
    CHECK(*Plugin::load(file, options_in(folder)) == *plugin);
}

TEST_CASE("the example in plain C loads") {
    const Folder folder;
    const auto plugin = Plugin::load(EXAMPLE_PLUGIN, options_in(folder));
    REQUIRE(plugin);
    const auto instance = (*plugin)->create(
        {.provider = "local", .base_url = "", .model = "", .options = R"({"path":"/chat"})"});
    REQUIRE(instance);
    const auto prepared = instance->prepare(
        {.dialect = "chat_completions", .model = "", .body = "{}", .session = "", .stream = true},
        {});
    REQUIRE(prepared);
    CHECK(prepared->path == "/chat");
    CHECK(prepared->forwards_body);
    CHECK(prepared->upstream_streams);
    CHECK(
        instance
            ->prepare(
                {.dialect = "responses", .model = "", .body = "{}", .session = "", .stream = true},
                {})
            .error()
            .code == Errc::provider_rejected);
    const auto wrong = (*plugin)->create(
        {.provider = "local", .base_url = "", .model = "", .options = R"({"path":"chat"})"});
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == Errc::config_invalid);
}

TEST_CASE("a plugin loads into a process that is not dumpable") {
    REQUIRE(prctl(PR_SET_DUMPABLE, 0) == 0);
    const Folder folder;
    const auto loaded = Plugin::load(install("twin_b", folder.path(), "twin"), options_in(folder));
    REQUIRE(prctl(PR_SET_DUMPABLE, 1) == 0);
    INFO((loaded ? "" : loaded.error().message + ": " + loaded.error().reason));
    CHECK(loaded);
}

TEST_CASE("each way a plugin fails to load has an error of its own, and others go on") {
    struct Case {
        const char* plugin;
        Errc code;
        const char* words;
    };
    const Case cases[] = {
        {"wrong_abi", Errc::plugin_abi_mismatch, "speaks version 2 of the plugin ABI"},
        {"missing_entry", Errc::plugin_invalid, "has no entry point"},
        {"no_manifest", Errc::plugin_invalid, "carries no manifest"},
        {"unresolved", Errc::plugin_failed, "cannot be loaded"},
        {"no_table", Errc::plugin_failed, "refuses to work with this host"},
        {"incomplete_table", Errc::plugin_abi_mismatch, "does not keep to the plugin ABI"},
        {"crashes_on_init", Errc::plugin_failed, "crashed while it was loaded (SIGSEGV)"},
        {"exits_on_init",
         Errc::plugin_failed,
         "ended the process while it was loaded (exit status 0)"},
    };
    const Folder folder;
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.plugin) {
            const auto loaded =
                Plugin::load(install(c.plugin, folder.path(), c.plugin), options_in(folder));
            REQUIRE_FALSE(loaded);
            CHECK(loaded.error().code == c.code);
            INFO(loaded.error().message);
            CHECK(loaded.error().message.find(c.words) != std::string::npos);
            CHECK_FALSE(loaded.error().reason.empty());
            CHECK_FALSE(loaded.error().fix.empty());
            CHECK(Plugin::load(install("good", folder.path(), "good"), options_in(folder)));
        }
    }
}

TEST_CASE("the dynamic loader's own words reach the user") {
    const Folder folder;
    const auto loaded =
        Plugin::load(install("unresolved", folder.path(), "unresolved"), options_in(folder));
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().reason.find("handover_test_symbol_that_nobody_defines") !=
          std::string::npos);
}

TEST_CASE("a constructor that throws ends the child only") {
    const Folder folder;
    const auto loaded =
        Plugin::load(install("throws_on_init", folder.path(), "throws"), options_in(folder));
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::plugin_failed);
    // Whether the exception can be caught on its way through the dynamic loader is the C library's
    // to decide.
    const auto& message = loaded.error().message;
    CHECK((message.find("threw an exception") != std::string::npos ||
           message.find("SIGABRT") != std::string::npos));
}

TEST_CASE("a constructor that hangs is ended") {
    const Folder folder;
    auto options = options_in(folder);
    options.trial_limit = std::chrono::milliseconds(200);
    const auto loaded = Plugin::load(install("hangs_on_init", folder.path(), "hangs"), options);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().message.find("did not finish loading") != std::string::npos);
}

TEST_CASE("a passed trial is remembered by the bytes, a failed one is not") {
    const Folder folder;
    auto options = options_in(folder);
    const auto results = [&] { return parse_trials(read(options.trial_results)); };

    REQUIRE_FALSE(Plugin::load(install("exits_on_init", folder.path(), "exits"), options));
    CHECK(results().empty());

    REQUIRE(Plugin::load(install("twin_a", folder.path(), "one"), options));
    REQUIRE(results().size() == 1);
    options.self = "/nonexistent";  // any further trial would fail to start
    CHECK(Plugin::load(install("twin_a", folder.path(), "two"), options));
    CHECK_FALSE(Plugin::load(install("hostile", folder.path(), "three"), options));
}

TEST_CASE("results in the trial file spare the trial") {
    const Folder folder;
    auto options = options_in(folder);
    options.self = "/nonexistent";
    const auto file = install("marks_on_load", folder.path(), "marks");
    CHECK_FALSE(Plugin::load(file, options));
    struct stat status = {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    std::filesystem::create_directories(folder.path() / "state");
    write(options.trial_results,
          print_trials({{.sha256 = "", .host_version = "0.0.0", .file = identity_of(status)}}));
    CHECK_FALSE(Plugin::load(file, options));  // of another version of the host
    write(options.trial_results,
          print_trials(
              {{.sha256 = "", .host_version = HANDOVER_VERSION, .file = identity_of(status)}}));

    // The mark that listing does not leave is left by loading: the plugin of that test can leave
    // one.
    const auto mark = folder.path() / "mark";
    REQUIRE(setenv("HANDOVER_TEST_MARK", mark.c_str(), 1) == 0);
    CHECK(Plugin::load(file, options));
    REQUIRE(unsetenv("HANDOVER_TEST_MARK") == 0);
    CHECK(std::filesystem::exists(mark));
}

TEST_CASE("a file replaced after loading harms nothing") {
    const Folder folder;
    const auto file = install("hostile", folder.path(), "hostile");
    const auto plugin = Plugin::load(file, options_in(folder));
    REQUIRE(plugin);
    write(file, "overwritten in place");
    const auto instance =
        (*plugin)->create({.provider = "p", .base_url = "", .model = "", .options = "{}"});
    REQUIRE(instance);
    CHECK(instance->prepare(
        {.dialect = "responses", .model = "", .body = "{}", .session = "", .stream = false}, {}));
}
