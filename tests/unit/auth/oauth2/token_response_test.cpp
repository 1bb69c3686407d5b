#include "auth/oauth2/token_response.hpp"

#include <catch2/catch.hpp>

#include "text/encoding.hpp"

using namespace handover;
using namespace handover::auth::oauth2;
using namespace std::chrono_literals;

namespace {

const Time sent_at = Time(1'800'000'000s);

http::Outcome answered(int status, std::string body, std::vector<http::Header> headers = {}) {
    return {.delivery = http::Delivery::answered,
            .response = {.status = status, .headers = std::move(headers), .body = std::move(body)},
            .error = {}};
}

std::string jwt(const std::string& payload) {
    return text::base64url_encode(R"({"alg":"RS256"})") + "." + text::base64url_encode(payload) +
           ".c2ln";
}

std::optional<std::chrono::seconds> life(const std::string& expires_in) {
    const auto tokens =
        parse_tokens(R"({"access_token":"sandbox-a","expires_in":)" + expires_in + "}", sent_at);
    REQUIRE(tokens);
    if (!tokens->expires_at) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::seconds>(*tokens->expires_at - sent_at);
}

}  // namespace

TEST_CASE("tokens: a whole answer (RFC 6749 section 5.1)") {
    const auto tokens = parse_tokens(
        R"({"access_token":"sandbox-a","token_type":"bEaReR","expires_in":3600,"refresh_token":"sandbox-r",)"
        R"("id_token":"sandbox-i","scope":"openid  email","extra":[1]})",
        sent_at);
    REQUIRE(tokens);
    CHECK(tokens->access_token.reveal() == "sandbox-a");
    CHECK(tokens->refresh_token.reveal() == "sandbox-r");
    CHECK(tokens->id_token.reveal() == "sandbox-i");
    CHECK(tokens->token_type == "Bearer");
    CHECK(tokens->scopes == std::vector<std::string>{"openid", "email"});
    CHECK(tokens->expires_at == sent_at + 3600s);
}

TEST_CASE("tokens: what may be absent") {
    const auto tokens =
        parse_tokens(R"({"access_token":"sandbox-a","refresh_token":null})", sent_at);
    REQUIRE(tokens);
    CHECK(tokens->refresh_token.empty());
    CHECK_FALSE(tokens->scopes);
    CHECK_FALSE(tokens->expires_at);
    const auto rotated = parse_tokens(R"({"refresh_token":"sandbox-r","expires_in":5})", sent_at);
    REQUIRE(rotated);
    CHECK(rotated->access_token.empty());
    CHECK_FALSE(rotated->expires_at);
}

TEST_CASE("tokens: expires_in in its forms, never an overflow") {
    CHECK(life("1") == 1s);
    CHECK(life("3600.9") == 3600s);
    CHECK(life("\"3600\"") == 3600s);
    CHECK_FALSE(life("0"));
    CHECK_FALSE(life("-1"));
    CHECK_FALSE(life("\"\""));
    CHECK_FALSE(life("\"1h\""));
    CHECK_FALSE(life("true"));
    CHECK_FALSE(life("[]"));
    const auto century = std::chrono::seconds(100LL * 365 * 24 * 3600);
    CHECK(life("9223372036854775807") == century);
    CHECK(life("18446744073709551615") == century);
    CHECK(life("1e300") == century);
    CHECK(life("\"99999999999999999999999\"") == century);
}

TEST_CASE("tokens: the access token's own exp stands in for expires_in") {
    const auto token = jwt(R"({"exp":1800003600})");
    const auto tokens = parse_tokens(R"({"access_token":")" + token + "\"}", sent_at);
    REQUIRE(tokens);
    CHECK(tokens->expires_at == sent_at + 3600s);
    const auto both =
        parse_tokens(R"({"access_token":")" + token + R"(","expires_in":60})", sent_at);
    CHECK(both.value().expires_at == sent_at + 60s);
    const auto absurd =
        parse_tokens(R"({"access_token":")" + jwt(R"({"exp":1e300})") + "\"}", sent_at);
    CHECK(absurd.value().expires_at > sent_at);
}

TEST_CASE("tokens: what is no answer, and quotes nothing of itself") {
    for (const std::string bad : {"",
                                  "sandbox-secret",
                                  "[]",
                                  "{}",
                                  R"({"access_token":""})",
                                  R"({"access_token":7,"refresh_token":"sandbox-secret"})",
                                  R"({"access_token":"sandbox-secret\r\nX: y"})",
                                  R"({"access_token":"sandbox secret"})",
                                  R"({"access_token":"sandbox-secret"} trailing)",
                                  R"({"access_token":"sandbox-secret","token_type":"mac"})"}) {
        CAPTURE(bad);
        const auto tokens = parse_tokens(bad, sent_at);
        REQUIRE_FALSE(tokens);
        CHECK(tokens.error().reason.find("secret") == std::string::npos);
    }
    CHECK_FALSE(parse_tokens(std::string((1U << 20U) + 1, ' '), sent_at));
    const std::string good = R"({"access_token":"sandbox-a"})";
    for (std::size_t size = 0; size < good.size(); ++size)
        CHECK_FALSE(parse_tokens(good.substr(0, size), sent_at));
}

TEST_CASE("authority errors: where the code sits") {
    struct Case {
        const char* body;
        const char* code;
        const char* description;
    };
    const Case cases[] = {
        {R"({"error":"invalid_grant","error_description":"gone"})", "invalid_grant", "gone"},
        {R"({"error":"Invalid_Grant"})", "invalid_grant", ""},
        {R"({"error":{"code":"refresh_token_reused","message":"used"}})",
         "refresh_token_reused",
         "used"},
        {R"({"code":"token_expired"})", "token_expired", ""},
        {R"({"error":{"message":"m"},"code":"c"})", "c", "m"},
        {R"({"error":{}})", "", ""},
    };
    for (const auto& c : cases) {
        CAPTURE(c.body);
        const auto error = parse_authority_error(c.body);
        REQUIRE(error);
        CHECK(error->code == c.code);
        CHECK(error->description == c.description);
    }
    for (const auto* none :
         {"", "<html>", "[]", "{}", R"({"access_token":"sandbox-a"})", R"({"error":null})"}) {
        CHECK_FALSE(parse_authority_error(none));
    }
}

TEST_CASE("refresh verdicts: the table of what follows") {
    struct Case {
        const char* name;
        http::Outcome outcome;
        RefreshOutcome verdict;
        const char* code;
    };
    const std::string good = R"({"access_token":"sandbox-a"})";
    const Case cases[] = {
        {"not sent",
         {.delivery = http::Delivery::not_sent, .response = {}, .error = {}},
         RefreshOutcome::transient,
         ""},
        {"lost",
         {.delivery = http::Delivery::unknown, .response = {}, .error = {}},
         RefreshOutcome::unknown,
         ""},
        {"200", answered(200, good), RefreshOutcome::success, ""},
        {"201", answered(201, good), RefreshOutcome::success, ""},
        {"200, cut", answered(200, good.substr(0, 9)), RefreshOutcome::unknown, ""},
        {"200, HTML", answered(200, "<html>"), RefreshOutcome::unknown, ""},
        {"200, empty object", answered(200, "{}"), RefreshOutcome::unknown, ""},
        {"200 with a terminal error",
         answered(200, R"({"error":"invalid_grant"})"),
         RefreshOutcome::terminal,
         "invalid_grant"},
        {"200 with another error",
         answered(200, R"({"error":"slow_down"})"),
         RefreshOutcome::transient,
         "slow_down"},
        {"302", answered(302, ""), RefreshOutcome::transient, ""},
        {"400 invalid_grant",
         answered(400, R"({"error":"invalid_grant"})"),
         RefreshOutcome::terminal,
         "invalid_grant"},
        {"400 listed",
         answered(400, R"({"error":{"code":"Refresh_Token_Reused"}})"),
         RefreshOutcome::terminal,
         "refresh_token_reused"},
        {"401 listed, top level",
         answered(401, R"({"code":"refresh_token_reused"})"),
         RefreshOutcome::terminal,
         "refresh_token_reused"},
        {"400 invalid_request",
         answered(400, R"({"error":"invalid_request"})"),
         RefreshOutcome::transient,
         "invalid_request"},
        {"400 in plain text", answered(400, "invalid_grant"), RefreshOutcome::transient, ""},
        {"400 HTML", answered(400, "<html>invalid_grant</html>"), RefreshOutcome::transient, ""},
        {"bare 401", answered(401, ""), RefreshOutcome::transient, ""},
        {"403 HTML", answered(403, "<html>"), RefreshOutcome::transient, ""},
        {"429", answered(429, ""), RefreshOutcome::transient, ""},
        {"500", answered(500, ""), RefreshOutcome::transient, ""},
        {"501", answered(501, ""), RefreshOutcome::transient, ""},
        {"502", answered(502, ""), RefreshOutcome::unknown, ""},
        {"502, JSON", answered(502, R"({"error":"invalid_grant"})"), RefreshOutcome::unknown, ""},
        {"503", answered(503, ""), RefreshOutcome::transient, ""},
        {"504", answered(504, ""), RefreshOutcome::unknown, ""},
        {"505", answered(505, ""), RefreshOutcome::transient, ""},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto verdict = judge_refresh(c.outcome, {"REFRESH_token_reused"}, sent_at);
            CHECK(verdict.outcome == c.verdict);
            CHECK(verdict.code == c.code);
            if (c.verdict == RefreshOutcome::terminal)
                CHECK(verdict.error.code == Errc::auth_session_expired);
            if (c.verdict == RefreshOutcome::transient)
                CHECK(verdict.error.code == Errc::auth_refresh_unavailable);
        }
    }
}

TEST_CASE("refresh verdicts: Retry-After") {
    const auto verdict = judge_refresh(answered(429, "", {{"retry-after", "7"}}), {}, sent_at);
    CHECK(verdict.retry_after == 7s);
    const auto pause = [](const char* value) {
        return asked_pause({{"Retry-After", value}}, sent_at);
    };
    CHECK(pause("0") == 0s);
    CHECK(pause("3600") == 1h);
    CHECK(pause("3601") == 1h);
    CHECK(pause("99999999999999999999") == 1h);
    CHECK_FALSE(pause("soon"));
    CHECK_FALSE(asked_pause({{"Retry", "7"}}, sent_at));
}

TEST_CASE("exchange verdicts") {
    CHECK(judge_exchange(answered(200, R"({"access_token":"sandbox-a"})"), sent_at));
    const auto refused = judge_exchange(
        answered(400, R"({"error":"invalid_grant","error_description":"PKCE"})"), sent_at);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::auth_token_exchange_failed);
    CHECK(refused.error().reason == "it answered 400, \"invalid_grant: PKCE\"");
    for (const auto& bad :
         {answered(200, ""),
          answered(200, R"({"refresh_token":"sandbox-r"})"),
          answered(200, R"({"error":"x","access_token":"sandbox-a"})"),
          answered(500, R"({"access_token":"sandbox-a"})"),
          http::Outcome{.delivery = http::Delivery::unknown, .response = {}, .error = {}},
          http::Outcome{}}) {
        const auto tokens = judge_exchange(bad, sent_at);
        REQUIRE_FALSE(tokens);
        CHECK(tokens.error().code == Errc::auth_token_exchange_failed);
    }
}
