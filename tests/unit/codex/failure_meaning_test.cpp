#include "codex/codex.hpp"

#include <catch2/catch.hpp>

using handover::codex::classify;
using handover::sdk::Failure;
using handover::sdk::HeaderView;
using handover::sdk::Verdict;

TEST_CASE("what the codex backend's failures mean") {
    struct Case {
        const char* name;
        std::uint32_t status;
        std::vector<HeaderView> headers;
        const char* body;
        Verdict verdict;
        std::optional<std::int64_t> until;
    };
    constexpr std::int64_t now = 1000;
    const Case cases[] = {
        {"usage limit, with its time",
         429,
         {},
         R"({"error":{"type":"usage_limit_reached","resets_at":5000,"resets_in_seconds":1}})",
         Verdict::quota_exhausted,
         5000},
        {"usage limit, with a span",
         429,
         {},
         R"({"error":{"type":"usage_limit_reached","resets_in_seconds":60}})",
         Verdict::quota_exhausted,
         now + 60},
        {"usage limit, the window's header",
         429,
         {{"x-codex-primary-used-percent", "100.0"}, {"x-codex-primary-reset-at", "7000"}},
         R"({"error":{"type":"usage_limit_reached"}})",
         Verdict::quota_exhausted,
         7000},
        {"usage limit, only the full window counts",
         429,
         {{"x-codex-primary-used-percent", "99.9"},
          {"x-codex-primary-reset-at", "7000"},
          {"x-codex-secondary-used-percent", "100"},
          {"x-codex-secondary-reset-after-seconds", "30"}},
         R"({"error":{"type":"usage_limit_reached"}})",
         Verdict::quota_exhausted,
         now + 30},
        {"usage limit, the later of two full windows",
         429,
         {{"x-codex-primary-used-percent", "100"},
          {"x-codex-primary-reset-at", "7000"},
          {"x-codex-secondary-used-percent", "100"},
          {"x-codex-secondary-reset-at", "9000"}},
         R"({"error":{"type":"usage_limit_reached"}})",
         Verdict::quota_exhausted,
         9000},
        {"usage limit, nobody says until when",
         429,
         {},
         R"({"error":{"code":"usage_limit_reached"}})",
         Verdict::quota_exhausted,
         std::nullopt},
        {"usage limit as 404",
         404,
         {},
         R"({"detail":"You have hit your Usage Limit."})",
         Verdict::quota_exhausted,
         std::nullopt},
        {"another 404",
         404,
         {},
         R"({"detail":"Not Found"})",
         Verdict::invalid_request,
         std::nullopt},
        {"a plan without codex",
         429,
         {},
         R"({"error":{"type":"usage_not_included"}})",
         Verdict::quota_exhausted,
         std::nullopt},
        {"a refused field",
         400,
         {},
         R"({"detail":"Unsupported parameter: user"})",
         Verdict::invalid_request,
         std::nullopt},
        {"an expired token",
         401,
         {},
         R"({"error":{"code":"token_expired"}})",
         Verdict::authentication,
         std::nullopt},
        {"a bare 401",
         401,
         {},
         R"({"detail":"Unauthorized"})",
         Verdict::authentication,
         std::nullopt},
        {"the bot protection",
         403,
         {{"cf-mitigated", "challenge"}},
         "<html>Just a moment...",
         Verdict::invalid_request,
         std::nullopt},
        {"the bot protection without its header",
         403,
         {},
         "<!DOCTYPE html>",
         Verdict::invalid_request,
         std::nullopt},
        {"full",
         503,
         {},
         R"({"error":{"code":"server_is_overloaded"}})",
         Verdict::overloaded,
         std::nullopt},
        {"a model at capacity",
         400,
         {},
         R"({"error":{"message":"Selected model is at capacity. Try another."}})",
         Verdict::overloaded,
         std::nullopt},
        {"too fast, in a stream",
         0,
         {},
         R"({"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"Please try again in 11.054s."}}})",
         Verdict::rate_limited,
         now + 12},
        {"too long, in a stream",
         0,
         {},
         R"({"type":"response.failed","response":{"error":{"code":"context_length_exceeded"}}})",
         Verdict::invalid_request,
         std::nullopt},
        {"the quota, in a stream",
         0,
         {},
         R"({"type":"response.failed","response":{"error":{"code":"insufficient_quota"}}})",
         Verdict::quota_exhausted,
         std::nullopt},
        {"full, in a stream",
         0,
         {},
         R"({"type":"response.failed","response":{"error":{"code":"slow_down"}}})",
         Verdict::overloaded,
         std::nullopt},
        {"anything else in a stream",
         0,
         {},
         R"({"type":"response.failed","response":{"error":{"code":"hiccup"}}})",
         Verdict::transient,
         std::nullopt},
        {"shared subscriptions: the limit",
         429,
         {},
         R"({"error":{"code":"subscription_sharing_usage_limit_exceeded"}})",
         Verdict::quota_exhausted,
         std::nullopt},
        {"shared subscriptions: not this user",
         403,
         {},
         R"({"error":{"code":"subscription_sharing_user_not_eligible"}})",
         Verdict::invalid_request,
         std::nullopt},
        {"a gateway's page", 502, {}, "<html>", Verdict::transient, std::nullopt},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto got =
                classify({.status = c.status, .headers = c.headers, .body = c.body, .now = now});
            CHECK(got.verdict == c.verdict);
            CHECK(got.until == c.until);
            CHECK_FALSE(got.message.empty());
            CHECK(got.message.find('<') == std::string::npos);
        }
    }
}

TEST_CASE("a usage limit names the plan") {
    const auto got = classify(
        {.status = 429,
         .body =
             R"({"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus"}})"});
    CHECK(got.message == "The usage limit has been reached (plan plus)");
}
