#include <catch2/catch.hpp>

#include "openai/openai.hpp"

using namespace handover;
using sdk::LimitWindow;

namespace {

constexpr std::int64_t now = 1'800'000'000;

std::vector<LimitWindow> limits(std::vector<sdk::HeaderView> headers) {
    return openai::limits({.headers = std::move(headers), .now = now});
}

}  // namespace

TEST_CASE("requests and tokens, each with its reset") {
    CHECK(limits({{"x-ratelimit-limit-requests", "60"},
                  {"x-ratelimit-limit-tokens", "150000"},
                  {"x-ratelimit-remaining-requests", "59"},
                  {"X-RateLimit-Remaining-Tokens", "149984"},
                  {"x-ratelimit-reset-requests", "1s"},
                  {"x-ratelimit-reset-tokens", "6m0s"}}) ==
          std::vector<LimitWindow>{
              {.name = "requests", .limit = 60, .remaining = 59, .resets_at = now + 1},
              {.name = "tokens", .limit = 150'000, .remaining = 149'984, .resets_at = now + 360}});
}

TEST_CASE("resets as services write them") {
    struct Case {
        const char* text;
        std::optional<std::int64_t> resets_at;
    };
    const Case cases[] = {{"9ms", now + 1},
                          {"1s", now + 1},
                          {"1.5s", now + 2},
                          {"6m0s", now + 360},
                          {"1h2m3s", now + 3723},
                          {"2m59.56s", now + 180},
                          {"0", now},
                          {"0s", now},
                          {"59", now + 59},
                          {"31622400", now + 31'622'400},
                          {"31622401", std::nullopt},
                          {"-1", std::nullopt},
                          {"soon", std::nullopt},
                          {"", std::nullopt},
                          {"9999999h", std::nullopt}};
    for (const auto& c : cases) {
        CAPTURE(c.text);
        const auto windows = limits(
            {{"x-ratelimit-remaining-requests", "5"}, {"x-ratelimit-reset-requests", c.text}});
        REQUIRE(windows.size() == 1);
        CHECK(windows[0].resets_at == c.resets_at);
    }
}

TEST_CASE("a service's own kinds, and what is not known") {
    CHECK(limits({{"x-ratelimit-limit-project-tokens", "10"},
                  {"x-ratelimit-remaining-project-tokens", "-1"}}) ==
          std::vector<LimitWindow>{{.name = "project-tokens", .limit = 10}});
    struct Case {
        const char* name;
        std::vector<sdk::HeaderView> headers;
    };
    const Case cases[] = {
        {"nothing", {}},
        {"a reset alone", {{"x-ratelimit-reset-requests", "1s"}}},
        {"Azure does not know",
         {{"x-ratelimit-limit-tokens", "-1"}, {"x-ratelimit-remaining-tokens", "-1"}}},
        {"no kind", {{"x-ratelimit-limit-", "5"}, {"x-ratelimit-limit", "5"}}},
        {"no number", {{"x-ratelimit-limit-tokens", "many"}}},
        {"half a number", {{"x-ratelimit-limit-tokens", "5k"}}},
        {"too long for an integer", {{"x-ratelimit-limit-tokens", "99999999999999999999"}}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(limits(c.headers).empty());
        }
    }
}
