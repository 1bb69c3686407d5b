#include "gateway/upstream_error.hpp"

#include <catch2/catch.hpp>

#include "secret/secret.hpp"

using namespace handover;
using gateway::api_error;
using gateway::error_as_it_came;
using gateway::is_worth_a_fallback;
using gateway::UpstreamFailure;

namespace {

const Time now = Time(std::chrono::seconds(1'800'000'000));

UpstreamFailure failed(Errc code) {
    return {.error = {.code = code, .message = "it failed", .reason = "as told", .fix = "mend it"}};
}

UpstreamFailure refused(Errc code, int status, std::string body) {
    auto failure = failed(code);
    failure.refusal = http::Response{.status = status, .headers = {}, .body = std::move(body)};
    return failure;
}

const char* openai_body =
    R"({"error":{"message":"no such thing","type":"invalid_request_error","param":"n","code":"unsupported_parameter"}})";

}  // namespace

TEST_CASE("what an error of the host's own becomes") {
    struct Case {
        Errc code;
        int status;
        const char* type;
        const char* their_code;
        std::optional<bool> should_retry;  // where the gateway repeats requests itself
    };
    const Case cases[] = {
        {Errc::provider_rejected, 400, "invalid_request_error", "invalid_request", {}},
        {Errc::provider_unknown, 404, "invalid_request_error", "model_not_found", {}},
        {Errc::provider_rate_limited, 429, "requests", "rate_limit_exceeded", false},
        {Errc::provider_quota_exhausted, 429, "insufficient_quota", "insufficient_quota", false},
        {Errc::provider_unavailable,
         503,
         "service_unavailable_error",
         "provider_unavailable",
         false},
        {Errc::auth_session_expired, 401, "authentication_error", "auth_session_expired", {}},
        {Errc::auth_no_credential, 401, "authentication_error", "auth_no_credential", {}},
        {Errc::auth_denied, 401, "authentication_error", "auth_denied", {}},
        {Errc::auth_refresh_unavailable,
         503,
         "service_unavailable_error",
         "auth_refresh_unavailable",
         true},
        {Errc::plugin_failed, 500, "server_error", "plugin_failed", false},
        {Errc::config_invalid, 500, "server_error", "config_invalid", false},
        {Errc::internal, 500, "server_error", "internal", false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(code_name(c.code)) {
            const auto error = api_error(failed(c.code), 3, now);
            CHECK(error.status == c.status);
            CHECK(error.type == c.type);
            CHECK(error.code == c.their_code);
            CHECK(error.should_retry == c.should_retry);
            CHECK(error.message == "it failed: as told (mend it)");
            CHECK(error.retry_after.has_value() == (c.code == Errc::auth_refresh_unavailable));
        }
    }
}

TEST_CASE("a login that cannot be renewed now: when it is tried again, and who waits for that") {
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    struct Case {
        const char* name;
        std::optional<Time> next_try;
        seconds after;
        bool should_retry;
    };
    const Case cases[] = {
        {"by the next request", {}, seconds(1), true},
        {"the pause is just over", now, seconds(1), true},
        {"in a moment", now + milliseconds(1), seconds(1), true},
        {"after the first pause", now + milliseconds(4001), seconds(5), true},
        {"the longest that a client waits", now + seconds(120), seconds(120), true},
        {"a moment longer", now + milliseconds(120'001), seconds(121), false},
        {"as the authority asked", now + seconds(3600), seconds(3600), false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            auto failure = failed(Errc::auth_refresh_unavailable);
            failure.reset = c.next_try;
            for (const int retries : {0, 3}) {
                const auto error = api_error(failure, retries, now);
                CHECK(error.status == 503);
                CHECK(error.retry_after == c.after);
                CHECK(error.should_retry == c.should_retry);
            }
        }
    }
}

TEST_CASE("a client repeats what the gateway does not") {
    CHECK_FALSE(api_error(failed(Errc::provider_unavailable), 0, now).should_retry);
    CHECK_FALSE(api_error(failed(Errc::provider_rate_limited), 0, now).should_retry);
    CHECK(api_error(failed(Errc::provider_quota_exhausted), 0, now).should_retry == false);
}

TEST_CASE("when to come back") {
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    auto quota = failed(Errc::provider_quota_exhausted);
    struct Case {
        const char* name;
        std::optional<Time> reset;
        std::optional<seconds> after;
    };
    const Case cases[] = {
        {"nobody said", {}, {}},
        {"in an hour", now + seconds(3600), seconds(3600)},
        {"a fraction counts as a second", now + milliseconds(1), seconds(1)},
        {"up to the next second", now + milliseconds(1001), seconds(2)},
        {"now", now, {}},
        {"in the past", now - seconds(1), {}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            quota.reset = c.reset;
            CHECK(api_error(quota, 3, now).retry_after == c.after);
        }
    }
    SECTION("as the provider said") {
        auto limited = refused(Errc::provider_rate_limited, 429, "{}");
        limited.refusal->headers = {{"Retry-After", "7"}};
        CHECK(api_error(limited, 3, now).retry_after == seconds(7));
    }
    SECTION("the gateway's own queue") {
        auto full = failed(Errc::provider_rate_limited);
        full.queue_wait = seconds(5);
        const auto error = api_error(full, 3, now);
        CHECK(error.status == 429);
        CHECK(error.retry_after == seconds(5));
        CHECK(error.should_retry == true);
    }
}

TEST_CASE("the provider's own words") {
    struct Case {
        const char* name;
        UpstreamFailure failure;
        int status;
        const char* code;
        bool as_it_came;
    };
    const Case cases[] = {
        {"a request that is wrong",
         refused(Errc::provider_rejected, 400, openai_body),
         400,
         "unsupported_parameter",
         true},
        {"their status",
         refused(Errc::provider_rejected, 422, openai_body),
         422,
         "unsupported_parameter",
         true},
        {"nothing found",
         refused(Errc::provider_rejected, 404, openai_body),
         404,
         "unsupported_parameter",
         true},
        {"a bare text",
         refused(Errc::provider_rejected, 400, R"({"detail":"Unsupported parameter: n"})"),
         400,
         "invalid_request",
         false},
        {"an error that is a text",
         refused(Errc::provider_rejected, 400, R"({"error":"nope"})"),
         400,
         "invalid_request",
         false},
        {"a page", refused(Errc::provider_rejected, 403, "<html>"), 403, "invalid_request", false},
        {"overloaded",
         refused(Errc::provider_unavailable, 529, R"({"error":{"message":"busy"}})"),
         529,
         "provider_unavailable",
         true},
        {"a limit under another status",
         refused(Errc::provider_quota_exhausted, 404, openai_body),
         429,
         "unsupported_parameter",
         true},
        {"a redirect is a failure of the way there",
         refused(Errc::provider_rejected, 302, ""),
         400,
         "invalid_request",
         false},
        {"a login that is over is not theirs to explain",
         refused(Errc::auth_session_expired, 401, openai_body),
         401,
         "auth_session_expired",
         false},
        {"never 401 for a request that is wrong",
         refused(Errc::provider_rejected, 401, openai_body),
         400,
         "unsupported_parameter",
         true},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto error = api_error(c.failure, 3, now);
            CHECK(error.status == c.status);
            CHECK(error.code == c.code);
            CHECK(error_as_it_came(c.failure).has_value() == c.as_it_came);
            if (c.as_it_came) CHECK(*error_as_it_came(c.failure) == c.failure.refusal->body);
        }
    }
}

TEST_CASE("an upstream that says a key again does not get it to the client") {
    const Secret key("sandbox-key-that-is-echoed");
    const auto failure = refused(Errc::provider_rejected,
                                 400,
                                 R"({"error":{"message":"bad key sandbox-key-that-is-echoed"}})");
    const auto body = error_as_it_came(failure);
    REQUIRE(body);
    CHECK(body->find("sandbox-key-that-is-echoed") == std::string::npos);
}

TEST_CASE("what another provider may do better") {
    CHECK(is_worth_a_fallback(failed(Errc::provider_quota_exhausted)));
    CHECK(is_worth_a_fallback(failed(Errc::provider_rate_limited)));
    CHECK(is_worth_a_fallback(failed(Errc::provider_unavailable)));
    CHECK(is_worth_a_fallback(failed(Errc::auth_refresh_unavailable)));
    for (const auto code : {Errc::provider_rejected,
                            Errc::provider_unknown,
                            Errc::auth_session_expired,
                            Errc::auth_no_credential,
                            Errc::plugin_failed,
                            Errc::config_invalid,
                            Errc::internal}) {
        CHECK_FALSE(is_worth_a_fallback(failed(code)));
    }
    auto full = failed(Errc::provider_rate_limited);
    full.queue_wait = std::chrono::seconds(5);
    CHECK_FALSE(is_worth_a_fallback(full));
}
