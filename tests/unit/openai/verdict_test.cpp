#include "failures/verdict.hpp"

#include <catch2/catch.hpp>

using namespace handover::failures;
using handover::sdk::Failure;
using handover::sdk::Verdict;

TEST_CASE("code, then type, then status") {
    struct Case {
        const char* name;
        std::uint32_t status;
        const char* body;
        Verdict expected;
    };
    const Case cases[] = {
        {"a bad key",
         401,
         R"({"error":{"type":"invalid_request_error","code":"invalid_api_key"}})",
         Verdict::authentication},
        {"no key: the type of a bad request, but 401",
         401,
         R"({"error":{"type":"invalid_request_error","code":null}})",
         Verdict::authentication},
        {"a bare 401", 401, "", Verdict::authentication},
        {"a bad request",
         400,
         R"({"error":{"type":"invalid_request_error","code":null}})",
         Verdict::invalid_request},
        {"a code nobody knows", 400, R"({"error":{"code":"new_code"}})", Verdict::invalid_request},
        {"the rate",
         429,
         R"({"error":{"type":"tokens","code":"rate_limit_exceeded"}})",
         Verdict::rate_limited},
        {"the rate by its type",
         429,
         R"({"error":{"type":"requests","code":null}})",
         Verdict::rate_limited},
        {"the quota by its code",
         429,
         R"({"error":{"type":"insufficient_quota","code":"insufficient_quota"}})",
         Verdict::quota_exhausted},
        {"the quota by its type alone",
         429,
         R"({"error":{"type":"insufficient_quota"}})",
         Verdict::quota_exhausted},
        {"the balance",
         429,
         R"({"error":{"code":"credit_balance_exhausted"}})",
         Verdict::quota_exhausted},
        {"a bare 402", 402, "", Verdict::quota_exhausted},
        {"too steep a ramp",
         429,
         R"({"error":{"type":"rate_limit_error","code":"slow_down"}})",
         Verdict::rate_limited},
        {"the same word when full", 503, R"({"error":{"code":"slow_down"}})", Verdict::overloaded},
        {"the same word in a stream", 0, R"({"error":{"code":"slow_down"}})", Verdict::overloaded},
        {"full",
         503,
         R"({"error":{"type":"service_unavailable_error","code":"server_is_overloaded"}})",
         Verdict::overloaded},
        {"a bare 503", 503, "", Verdict::overloaded},
        {"a bare 529", 529, "", Verdict::overloaded},
        {"a bare 500", 500, "", Verdict::transient},
        {"a proxy's page", 502, "<html>", Verdict::transient},
        {"a code that outweighs its status",
         500,
         R"({"error":{"code":"context_length_exceeded"}})",
         Verdict::invalid_request},
        {"the country",
         403,
         R"({"error":{"code":"unsupported_country_region_territory"}})",
         Verdict::invalid_request},
        {"a bare 403 is no failed sign-in", 403, "", Verdict::invalid_request},
        {"a missing model",
         404,
         R"({"error":{"code":"model_not_found"}})",
         Verdict::invalid_request},
        {"a wrong path", 404, "404 page not found", Verdict::invalid_request},
        {"validation", 422, R"({"detail":[{"msg":"bad"}]})", Verdict::invalid_request},
        {"a conflict", 409, "", Verdict::transient},
        {"a time-out", 408, "", Verdict::transient},
        {"an integer code in a stream",
         0,
         R"({"error":{"code":429,"message":"m"}})",
         Verdict::rate_limited},
        {"an integer code that says less than its status",
         402,
         R"({"error":{"code":402}})",
         Verdict::quota_exhausted},
        {"a stream's bad request",
         0,
         R"({"error":{"type":"invalid_request_error"}})",
         Verdict::invalid_request},
        {"anything in a stream", 0, R"({"error":{"message":"m"}})", Verdict::transient},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(judge(c.status, read_error_body(c.body)) == c.expected);
        }
    }
}

TEST_CASE("a time belongs to what may be retried") {
    const auto at = [](std::uint32_t status, std::string_view body) {
        const Failure failure{
            .status = status, .headers = {{"Retry-After", "5"}}, .body = body, .now = 100};
        return classify(failure, read_error_body(body)).until;
    };
    CHECK(at(429, "") == 105);
    CHECK(at(503, "") == 105);
    CHECK(at(429, R"({"error":{"type":"insufficient_quota"}})") == 105);
    CHECK_FALSE(at(400, ""));
    CHECK_FALSE(at(401, ""));
}

TEST_CASE("messages for people") {
    CHECK(message_for(400, read_error_body(R"({"error":{"message":"m","code":"c"}})")) == "m");
    CHECK(message_for(400, read_error_body(R"({"error":{"code":"c","type":"t"}})")) == "c");
    CHECK(message_for(400, read_error_body(R"({"error":{"type":"t"}})")) == "t");
    CHECK(message_for(502, read_error_body("<html><p>secret markup")).find("markup") ==
          std::string::npos);
    CHECK(message_for(502, read_error_body("<html>")).find("502") != std::string::npos);
    CHECK(message_for(0, read_error_body("<html>")).starts_with("an HTML page came back: "));
    CHECK(message_for(500, read_error_body("")).empty());
}
