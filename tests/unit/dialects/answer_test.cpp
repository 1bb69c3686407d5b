#include "dialects/answer.hpp"

#include "fixture.hpp"
#include "rows.hpp"

using namespace handover;
using namespace handover::test;
using dialects::Dialect;

namespace {

const char* const completion =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]})";
const char* const completion_as_response =
    R"({"id":"resp_1","object":"response","created_at":5,"status":"completed","error":null,"incomplete_details":null,"model":"m",
        "output":[{"id":"msg_SEED_0","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hi","annotations":[],"logprobs":[]}]}],
        "usage":null})";
const char* const response =
    R"({"id":"resp_1","object":"response","created_at":5,"status":"completed","error":null,"model":"m",
        "output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi","annotations":[]}]}]})";
const char* const response_as_completion =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","refusal":null},"logprobs":null,"finish_reason":"stop"}]})";

Result<std::string> translate(Dialect from, std::string_view answer, const std::string& echo = {}) {
    const auto to = from == Dialect::responses ? Dialect::chat_completions : Dialect::responses;
    return dialects::translate_answer(from, to, answer, {.echo = echo}, identity);
}

void becomes(Dialect from,
             const RequestRow& row,
             std::string_view smallest,
             std::string_view smallest_becomes) {
    const auto given = json::serialize(laid_over(parsed(smallest).as_object(), row.given));
    const auto result = translate(from, given);
    REQUIRE(result);
    INFO(*result);
    CHECK(parsed(*result) == laid_over(parsed(smallest_becomes).as_object(), row.becomes));
}

}  // namespace

TEST_CASE("a completion as a response, row by row") {
    for (const auto& row : chat_answer_rows) {
        DYNAMIC_SECTION(section(row.name)) {
            becomes(Dialect::chat_completions, row, completion, completion_as_response);
        }
    }
}

TEST_CASE("a response as a completion, row by row") {
    for (const auto& row : responses_answer_rows) {
        DYNAMIC_SECTION(section(row.name)) {
            becomes(Dialect::responses, row, response, response_as_completion);
        }
    }
}

TEST_CASE("answers that are none") {
    struct Case {
        const char* name;
        Dialect from;
        const char* answer;
        Errc code;
        const char* words;
    };
    const Case cases[] = {
        {"no JSON", Dialect::responses, "<html>", Errc::provider_unavailable, "no JSON object"},
        {"an array", Dialect::chat_completions, "[]", Errc::provider_unavailable, "no JSON object"},
        {"no choices",
         Dialect::chat_completions,
         R"({"id":"a","choices":[]})",
         Errc::provider_unavailable,
         "no choices"},
        {"an error",
         Dialect::chat_completions,
         R"({"error":{"message":"slow down"}})",
         Errc::provider_rejected,
         "slow down"},
        {"an error in detail",
         Dialect::chat_completions,
         R"({"object":"error","message":{"detail":[1]}})",
         Errc::provider_rejected,
         R"({"detail":[1]})"},
        {"the reason error",
         Dialect::chat_completions,
         R"({"choices":[{"message":{},"finish_reason":"error"}]})",
         Errc::provider_unavailable,
         "error"},
        {"failed",
         Dialect::responses,
         R"({"object":"response","status":"failed","error":{"code":"server_error","message":"oops"}})",
         Errc::provider_rejected,
         "oops"},
        {"still running",
         Dialect::responses,
         R"({"object":"response","status":"in_progress","output":[]})",
         Errc::provider_unavailable,
         "in_progress"},
        {"cancelled",
         Dialect::responses,
         R"({"object":"response","status":"cancelled","output":[]})",
         Errc::provider_unavailable,
         "cancelled"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto result = translate(c.from, c.answer);
            REQUIRE_FALSE(result);
            CHECK(result.error().code == c.code);
            CHECK(result.error().reason.find(c.words) != std::string::npos);
        }
    }
}

TEST_CASE("a response repeats its request, whole answers too") {
    const auto result =
        translate(Dialect::chat_completions, completion, R"(,"tools":[],"top_p":null)");
    REQUIRE(result);
    CHECK(parsed(*result) ==
          laid_over(parsed(completion_as_response).as_object(), R"({"tools":[],"top_p":null})"));
}

TEST_CASE("an answer of the client's own dialect is none of ours") {
    const auto result = dialects::translate_answer(
        Dialect::responses, Dialect::responses, R"({"x":1.0})", {}, identity);
    CHECK(*result == R"({"x":1.0})");
}

TEST_CASE("usage wherever it stands") {
    using dialects::Usage;
    const Usage usage = {.input = 1, .output = 2, .total = 3};
    CHECK(dialects::usage_of(
              Dialect::responses,
              R"({"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}})") == usage);
    CHECK(
        dialects::usage_of(
            Dialect::responses,
            R"({"type":"response.completed","response":{"usage":{"input_tokens":1,"output_tokens":2}}})") ==
        usage);
    CHECK(dialects::usage_of(
              Dialect::chat_completions,
              R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}})") == usage);
    CHECK_FALSE(dialects::usage_of(Dialect::chat_completions, R"({"choices":[],"usage":null})"));
    CHECK_FALSE(dialects::usage_of(Dialect::chat_completions, "garbage"));
    const auto most = dialects::usage_of(
        Dialect::chat_completions,
        R"({"usage":{"prompt_tokens":9223372036854775807,"completion_tokens":1}})");
    REQUIRE(most);
    CHECK(most->total == most->input);
}
