#include <catch2/catch.hpp>

#include "codex/codex.hpp"

using namespace handover;
using sdk::LimitWindow;

namespace {

constexpr std::int64_t now = 1'800'000'000;

std::vector<LimitWindow> limits(std::vector<sdk::HeaderView> headers) {
    return codex::limits({.headers = std::move(headers), .now = now});
}

}  // namespace

TEST_CASE("the plan's windows") {
    CHECK(limits({{"x-codex-primary-used-percent", "42.5"},
                  {"x-codex-primary-window-minutes", "300"},
                  {"x-codex-primary-reset-at", "1800003600"},
                  {"X-Codex-Secondary-Used-Percent", "7"},
                  {"X-Codex-Secondary-Window-Minutes", "10080"},
                  {"X-Codex-Secondary-Reset-After-Seconds", "90.2"}}) ==
          std::vector<LimitWindow>{{.name = "primary",
                                    .used_percent = 42.5,
                                    .window_seconds = 18'000,
                                    .resets_at = 1'800'003'600},
                                   {.name = "secondary",
                                    .used_percent = 7.0,
                                    .window_seconds = 604'800,
                                    .resets_at = now + 91}});
}

TEST_CASE("a time of its own is before one that counts from now") {
    const auto windows = limits({{"x-codex-primary-used-percent", "1"},
                                 {"x-codex-primary-reset-after-seconds", "5"},
                                 {"x-codex-primary-reset-at", "1800000999"}});
    REQUIRE(windows.size() == 1);
    CHECK(windows[0].resets_at == 1'800'000'999);
}

TEST_CASE("further limits keep their names") {
    CHECK(limits({{"x-codex-other-primary-used-percent", "3"},
                  {"x-spark-secondary-used-percent", "100"}}) ==
          std::vector<LimitWindow>{{.name = "other-primary", .used_percent = 3.0},
                                   {.name = "spark-secondary", .used_percent = 100.0}});
}

TEST_CASE("what is no window, or no number, is passed over") {
    struct Case {
        const char* name;
        std::vector<sdk::HeaderView> headers;
    };
    const Case cases[] = {
        {"nothing", {}},
        {"a window without its use", {{"x-codex-primary-window-minutes", "300"}}},
        {"no number", {{"x-codex-primary-used-percent", "many"}}},
        {"half a number", {{"x-codex-primary-used-percent", "4 %"}}},
        {"negative", {{"x-codex-primary-used-percent", "-1"}}},
        {"not finite", {{"x-codex-primary-used-percent", "inf"}}},
        {"no NaN either", {{"x-codex-primary-used-percent", "nan"}}},
        {"empty", {{"x-codex-primary-used-percent", ""}}},
        {"another header", {{"x-codex-credits-balance", "5"}}},
        {"informative", {{"x-codex-primary-over-secondary-limit-percent", "5"}}},
        {"no name", {{"x--used-percent", "5"}, {"x-used-percent", "5"}}},
        {"a third kind", {{"x-codex-tertiary-used-percent", "5"}}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(limits(c.headers).empty());
        }
    }
    const auto odd = limits({{"x-codex-primary-used-percent", "5"},
                             {"x-codex-primary-window-minutes", "soon"},
                             {"x-codex-primary-reset-at", "99999999999999"}});
    CHECK(odd == std::vector<LimitWindow>{{.name = "primary", .used_percent = 5.0}});
}
