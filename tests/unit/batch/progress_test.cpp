#include "batch/progress.hpp"

#include <catch2/catch.hpp>

using namespace handover::batch;
using namespace std::chrono_literals;

TEST_CASE("the progress line") {
    struct Case {
        const char* name;
        Progress progress;
        std::size_t width;
        const char* expected;
    };
    const Case cases[] = {
        {"begin", {.total = 10}, 40, "[...........................]   0 % 0/10"},
        {"half",
         {.total = 10, .done = 5, .failed = 1, .this_run = 5, .elapsed = 2s},
         60,
         "[##########..........]  50 % 5/10, 1 failed, 2.5/s, 2 s left"},
        {"done",
         {.total = 10, .done = 10, .failed = 0, .this_run = 4, .elapsed = 2s},
         40,
         "[###################] 100 % 10/10, 2.0/s"},
        {"no room for a bar", {.total = 10, .done = 5}, 14, " 50 % 5/10"},
        {"no room at all", {.total = 10, .done = 5}, 5, " 50 %"},
        {"nothing to do", {}, 20, "[########] 100 % 0/0"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(progress_line(c.progress, c.width) == c.expected);
            CHECK(progress_line(c.progress, c.width).size() <= c.width);
        }
    }
}
