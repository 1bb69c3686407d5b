#include "failures/error_body.hpp"

#include <catch2/catch.hpp>

#include <string>

using handover::failures::BodyKind;
using handover::failures::ErrorBody;
using handover::failures::read_error_body;

TEST_CASE("every shape of an error answer") {
    struct Case {
        const char* name;
        const char* body;
        ErrorBody expected;
    };
    const Case cases[] = {
        {"OpenAI",
         R"({"error":{"message":"No.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})",
         {.kind = BodyKind::json,
          .code = "invalid_api_key",
          .type = "invalid_request_error",
          .message = "No."}},
        {"a null code",
         R"({"error":{"message":"m","code":null,"type":"server_error"}})",
         {.kind = BodyKind::json, .type = "server_error", .message = "m"}},
        {"an integer code (OpenRouter)",
         R"({"error":{"message":"m","code":402}})",
         {.kind = BodyKind::json, .code = "402", .message = "m"}},
        {"codes are compared in lower case",
         R"({"error":{"code":"Insufficient_Quota"}})",
         {.kind = BodyKind::json, .code = "insufficient_quota"}},
        {"error as text with a code beside it (xAI)",
         R"({"code":"bad","error":"The request is bad"})",
         {.kind = BodyKind::json, .code = "bad", .message = "The request is bad"}},
        {"members at the top (Mistral)",
         R"({"object":"error","message":"m","type":"invalid_request_error","code":"1500"})",
         {.kind = BodyKind::json, .code = "1500", .type = "invalid_request_error", .message = "m"}},
        {"a message that is an object (Mistral)",
         R"({"object":"error","message":{"detail":[{"msg":"field required"}]}})",
         {.kind = BodyKind::json, .message = "field required"}},
        {"detail as text (the codex backend)",
         R"({"detail":"Unsupported parameter: user"})",
         {.kind = BodyKind::json, .message = "Unsupported parameter: user"}},
        {"detail as a list (vLLM)",
         R"({"detail":[{"loc":["body"],"msg":"bad"}]})",
         {.kind = BodyKind::json, .message = "bad"}},
        {"a list around it (Gemini)",
         R"([{"error":{"code":429,"message":"m"}}])",
         {.kind = BodyKind::json, .code = "429", .message = "m"}},
        {"the error event of a Responses stream",
         R"({"type":"error","code":"server_error","message":"m","param":null})",
         {.kind = BodyKind::json, .code = "server_error", .message = "m"}},
        {"a failed response in a stream",
         R"({"type":"response.failed","response":{"error":{"code":"slow_down","message":"m"}}})",
         {.kind = BodyKind::json, .code = "slow_down", .message = "m"}},
        {"a usage limit",
         R"({"error":{"type":"usage_limit_reached","message":"m","plan_type":"plus","resets_at":17,"resets_in_seconds":1.2}})",
         {.kind = BodyKind::json,
          .type = "usage_limit_reached",
          .message = "m",
          .plan_type = "plus",
          .resets_at = 17,
          .resets_in_seconds = 2}},
        {"times out of range",
         R"({"error":{"resets_at":1e300,"resets_in_seconds":-1}})",
         {.kind = BodyKind::json}},
        {"a page", "\n <!DOCTYPE html><html>x", {.kind = BodyKind::html}},
        {"a page without a doctype", "<HTML><body>", {.kind = BodyKind::html}},
        {"text", "upstream connect error", {.message = "upstream connect error"}},
        {"nothing", "", {}},
        {"an empty object", "{}", {.kind = BodyKind::json}},
        {"an empty list", "[]", {.kind = BodyKind::json}},
        {"a number", "3", {.kind = BodyKind::json}},
        {"a null error", R"({"error":null})", {.kind = BodyKind::json}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto got = read_error_body(c.body);
            CHECK(got.kind == c.expected.kind);
            CHECK(got.code == c.expected.code);
            CHECK(got.type == c.expected.type);
            CHECK(got.message == c.expected.message);
            CHECK(got.plan_type == c.expected.plan_type);
            CHECK(got.resets_at == c.expected.resets_at);
            CHECK(got.resets_in_seconds == c.expected.resets_in_seconds);
        }
    }
}

TEST_CASE("a cut answer is read as text, at whatever byte it is cut") {
    const std::string whole = R"({"error":{"message":"No.","type":"server_error"}})";
    for (std::size_t size = 1; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK(read_error_body(whole.substr(0, size)).kind == BodyKind::other);
    }
    CHECK(read_error_body(whole + "x").kind == BodyKind::other);
}

TEST_CASE("text is bounded") {
    CHECK(read_error_body(std::string(5000, 'x')).message.size() == 500);
}
