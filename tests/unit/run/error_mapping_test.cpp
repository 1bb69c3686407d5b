#include "run/error_mapping.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace std::chrono_literals;
using plugins::Verdict;
using run::provider_error;
using run::settled_verdict;

namespace {

const Time now = Time(1'800'000'000s);  // 2027-01-15T08:00:00Z

run::Origin login(const std::string& account = "default") {
    return {
        .provider = "codex", .account = account, .kind = auth::Kind::oauth2, .source = "stored"};
}

Error error_of(plugins::Classification classification,
               const http::Response& failed,
               const run::Origin& origin) {
    return provider_error(classification, failed, origin, std::nullopt, now);
}

bool holds(const std::string& text, const std::string& piece) {
    return text.find(piece) != std::string::npos;
}

}  // namespace

TEST_CASE("where the plugin has no verdict the status decides") {
    struct Case {
        int status;
        Verdict verdict;
    };
    const Case cases[] = {{0, Verdict::other},
                          {200, Verdict::other},
                          {399, Verdict::other},
                          {400, Verdict::invalid_request},
                          {401, Verdict::authentication},
                          {402, Verdict::invalid_request},
                          {403, Verdict::invalid_request},
                          {404, Verdict::invalid_request},
                          {408, Verdict::transient},
                          {409, Verdict::transient},
                          {410, Verdict::invalid_request},
                          {422, Verdict::invalid_request},
                          {429, Verdict::rate_limited},
                          {499, Verdict::invalid_request},
                          {500, Verdict::transient},
                          {502, Verdict::transient},
                          {503, Verdict::overloaded},
                          {504, Verdict::transient}};
    for (const auto& c : cases) {
        CAPTURE(c.status);
        CHECK(settled_verdict(Verdict::other, c.status) == c.verdict);
    }
    CHECK(settled_verdict(Verdict::quota_exhausted, 429) == Verdict::quota_exhausted);
    CHECK(settled_verdict(Verdict::invalid_request, 401) == Verdict::invalid_request);
}

TEST_CASE("only what may pass is worth another attempt") {
    for (const auto verdict : {Verdict::rate_limited, Verdict::overloaded, Verdict::transient})
        CHECK(run::is_worth_retrying(verdict));
    for (const auto verdict : {Verdict::other,
                               Verdict::authentication,
                               Verdict::quota_exhausted,
                               Verdict::invalid_request})
        CHECK_FALSE(run::is_worth_retrying(verdict));
}

TEST_CASE("each verdict is an error of its own") {
    struct Case {
        Verdict verdict;
        int status;
        Errc code;
    };
    const Case cases[] = {{Verdict::authentication, 401, Errc::auth_session_expired},
                          {Verdict::rate_limited, 429, Errc::provider_rate_limited},
                          {Verdict::quota_exhausted, 429, Errc::provider_quota_exhausted},
                          {Verdict::invalid_request, 400, Errc::provider_rejected},
                          {Verdict::overloaded, 503, Errc::provider_unavailable},
                          {Verdict::transient, 500, Errc::provider_unavailable},
                          {Verdict::other, 0, Errc::provider_rejected},
                          {Verdict::other, 502, Errc::provider_unavailable},
                          {Verdict::other, 418, Errc::provider_rejected}};
    for (const auto& c : cases) {
        CAPTURE(c.status);
        const auto error =
            error_of({.verdict = c.verdict, .message = "because"}, {.status = c.status}, login());
        CHECK(error.code == c.code);
        CHECK(holds(error.message, "codex"));
        CHECK(holds(error.reason, "codex says: \"because\""));
        CHECK(holds(error.reason, "status") == (c.status != 0));
    }
}

TEST_CASE("a refused credential says how to get another") {
    struct Case {
        const char* name;
        run::Origin origin;
        Errc code;
        const char* fix;
    };
    const Case cases[] = {
        {"a login", login(), Errc::auth_session_expired, "handover auth login codex"},
        {"an account's login",
         login("work"),
         Errc::auth_session_expired,
         "handover auth login codex --account work"},
        {"a stored key",
         {.provider = "openai",
          .account = "default",
          .kind = auth::Kind::api_key,
          .source = "stored"},
         Errc::auth_denied,
         "handover auth login openai --with-api-key"},
        {"a key of the environment",
         {.provider = "openai",
          .account = "default",
          .kind = auth::Kind::api_key,
          .source = "env:OPENAI_API_KEY"},
         Errc::auth_denied,
         "set OPENAI_API_KEY to a valid key"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto error =
                error_of({.verdict = Verdict::authentication}, {.status = 401}, c.origin);
            CHECK(error.code == c.code);
            CHECK(error.fix == c.fix);
        }
    }
    const auto none =
        error_of({.verdict = Verdict::authentication}, {.status = 401}, {.provider = "local"});
    CHECK(none.code == Errc::auth_no_credential);
}

TEST_CASE("a quota says until when") {
    const auto known = error_of(
        {.verdict = Verdict::quota_exhausted, .until = now + 90min}, {.status = 429}, login());
    CHECK(known.message ==
          "the quota at codex is used up until 2027-01-15T09:30:00Z (in 1 h 30 min)");
    const auto past = error_of(
        {.verdict = Verdict::quota_exhausted, .until = now - 1s}, {.status = 429}, login());
    CHECK(past.message == "the quota at codex is used up until 2027-01-15T07:59:59Z");
    const auto unknown = error_of({.verdict = Verdict::quota_exhausted}, {.status = 429}, login());
    CHECK(unknown.message == "the quota at codex is used up");
    CHECK_FALSE(unknown.fix.empty());
}

TEST_CASE("a rate limit says how long the server asked to wait") {
    const plugins::Classification limited = {.verdict = Verdict::rate_limited};
    CHECK(provider_error(limited, {.status = 429}, login(), Milliseconds(120'000), now).fix ==
          "try again in 2 min");
    CHECK(provider_error(limited, {.status = 429}, login(), std::nullopt, now).fix ==
          "try again in a while");
}

TEST_CASE("the provider's words are cleaned, cut, and stripped of secrets") {
    const Secret token("sandbox-token-that-an-upstream-echoes");
    const std::string echo(token.reveal());
    const auto echoed = error_of({}, {.status = 400, .body = "no: " + echo}, login());
    CHECK_FALSE(holds(echoed.reason, echo));
    const auto colored = error_of({.message = "\x1b[31mred\r\nline"}, {.status = 400}, login());
    CHECK_FALSE(holds(colored.reason, "\x1b"));
    CHECK_FALSE(holds(colored.reason, "\n"));
    const auto longer = error_of({}, {.status = 400, .body = std::string(100'000, 'x')}, login());
    CHECK(longer.reason.size() < 600);
    const auto silent = error_of({}, {.status = 400}, login());
    CHECK(silent.reason == "status 400");
    const auto named =
        error_of({}, {.status = 400, .headers = {{"X-Request-Id", "req_1\x1b"}}}, login());
    CHECK(holds(named.reason, "(request req_1"));
    CHECK_FALSE(holds(named.reason, "\x1b"));
}

TEST_CASE("a redirect is not followed, and says where it leads") {
    const auto error =
        run::redirect_error(307, {{"location", "https://evil.example/\x1b"}}, login());
    CHECK(error.code == Errc::provider_rejected);
    CHECK(holds(error.reason, "status 307"));
    CHECK(holds(error.reason, "https://evil.example/"));
    CHECK_FALSE(holds(error.reason, "\x1b"));
    CHECK(holds(run::redirect_error(302, {}, login()).reason, "elsewhere"));
}
