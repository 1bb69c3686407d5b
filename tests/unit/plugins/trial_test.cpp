#include "plugins/trial.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <initializer_list>

using namespace handover;
using namespace handover::plugins;

TEST_CASE("what the end of a trial means") {
    struct Case {
        const char* name;
        platform::Ended ended;
        const char* message;  // empty: goes on
    };
    const Case cases[] = {
        {"passed", {.exited = 211, .signalled = {}}, ""},
        {"the loader refused it", {.exited = 212, .signalled = {}}, ""},
        {"no entry", {.exited = 213, .signalled = {}}, "the plugin x.so has no entry point"},
        {"no table",
         {.exited = 214, .signalled = {}},
         "the plugin x.so refuses to work with this host"},
        {"threw",
         {.exited = 215, .signalled = {}},
         "the plugin x.so threw an exception while it was loaded"},
        {"exit 0",
         {.exited = 0, .signalled = {}},
         "the plugin x.so ended the process while it was loaded (exit status 0)"},
        {"exit 210",
         {.exited = 210, .signalled = {}},
         "the plugin x.so ended the process while it was loaded (exit status 210)"},
        {"exit 216",
         {.exited = 216, .signalled = {}},
         "the plugin x.so ended the process while it was loaded (exit status 216)"},
        {"crashed",
         {.exited = {}, .signalled = SIGSEGV},
         "the plugin x.so crashed while it was loaded (SIGSEGV)"},
        {"hung", {}, "the plugin x.so did not finish loading"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto judged = judge_trial(c.ended, "x.so", std::chrono::seconds(1));
            if (*c.message == '\0') {
                CHECK(judged);
            } else {
                REQUIRE_FALSE(judged);
                CHECK(judged.error().code == Errc::plugin_failed);
                CHECK(judged.error().message == c.message);
            }
        }
    }
}

TEST_CASE("passed trials read back as they were written") {
    std::vector<PassedTrial> trials = {
        {.sha256 = "aa", .host_version = "0.1.0", .file = {1, 2, 3, 4, 5}},
        {.sha256 = "bb", .host_version = "0.2.0", .file = {~0ULL, 2, 3, -4, 5}}};
    CHECK(parse_trials(print_trials(trials)) == trials);
    CHECK(parse_trials(print_trials({})).empty());

    trials.assign(65, trials[0]);
    trials[0].sha256 = "oldest";
    const auto kept = parse_trials(print_trials(trials));
    CHECK(kept.size() == 64);
    CHECK(kept.front().sha256 == "aa");
}

TEST_CASE("damaged results are no results") {
    for (const auto* text :
         {"",
          "{",
          "[]",
          "null",
          R"({"passed": 1})",
          R"({"passed": [1]})",
          R"({"passed": [{"sha256": "a"}]})",
          R"({"passed": [{"sha256": "a", "host": "b", "file": {"device": -1}}]})"}) {
        INFO(text);
        CHECK(parse_trials(text).empty());
    }
}
