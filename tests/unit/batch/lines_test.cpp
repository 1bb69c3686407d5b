#include <catch2/catch.hpp>

#include "batch/request_line.hpp"
#include "batch/result_line.hpp"

using namespace handover;
using namespace handover::batch;

TEST_CASE("a line of the input") {
    const auto line = parse_request_line(
        R"({"custom_id":"a","method":"POST","url":"/v1/responses","body":{"model":"m","input":"hi","stream":true,"stream_options":{}}})");
    REQUIRE(line);
    CHECK(line->custom_id == "a");
    CHECK(line->dialect == "responses");
    CHECK(line->model == "m");
    CHECK(line->body == R"({"model":"m","input":"hi"})");
    const auto chat = parse_request_line(
        R"({"custom_id":"b","method":"POST","url":"/v1/chat/completions","body":{"messages":[]}})");
    REQUIRE(chat);
    CHECK(chat->dialect == "chat_completions");
    CHECK(chat->model.empty());
}

TEST_CASE("a bad line says what is wrong") {
    struct Case {
        const char* name;
        const char* line;
        const char* message;
    };
    const Case cases[] = {
        {"not JSON", "{", "not JSON"},
        {"trailing bytes", "{} x", "not JSON"},
        {"an array", "[]", "not a JSON object"},
        {"no id",
         R"({"method":"POST","url":"/v1/responses","body":{}})",
         "\"custom_id\" is missing"},
        {"id of a wrong type",
         R"({"custom_id":1,"method":"POST","url":"/v1/responses","body":{}})",
         "\"custom_id\" is not a string"},
        {"empty id",
         R"({"custom_id":"","method":"POST","url":"/v1/responses","body":{}})",
         "\"custom_id\" is empty"},
        {"another method",
         R"({"custom_id":"a","method":"GET","url":"/v1/responses","body":{}})",
         "\"method\" is GET"},
        {"another endpoint",
         R"({"custom_id":"a","method":"POST","url":"/v1/files","body":{}})",
         "\"url\" is /v1/files"},
        {"no body",
         R"({"custom_id":"a","method":"POST","url":"/v1/responses"})",
         "\"body\" is missing"},
        {"model of a wrong type",
         R"({"custom_id":"a","method":"POST","url":"/v1/responses","body":{"model":1}})",
         "\"body.model\" is not a string"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto line = parse_request_line(c.line);
            REQUIRE_FALSE(line);
            CHECK(line.error().code == Errc::batch_input_invalid);
            CHECK(line.error().message.find(c.message) != std::string::npos);
        }
    }
    CHECK(is_blank(" \t\r"));
    CHECK_FALSE(is_blank(" x"));
}

TEST_CASE("a line of the output is an OpenAI batch response, and is read back") {
    ResultLine result{.id = "batch_req_1",
                      .custom_id = "a",
                      .status_code = 200,
                      .request_id = "r",
                      .body = R"({"x":1})",
                      .error = {}};
    CHECK(
        format_result_line(result) ==
        R"({"id":"batch_req_1","custom_id":"a","response":{"status_code":200,"request_id":"r","body":{"x":1}},"error":null})"
        "\n");
    auto recorded = parse_recorded(format_result_line(result));
    REQUIRE(recorded);
    CHECK(recorded->custom_id == "a");
    CHECK_FALSE(recorded->failed);

    result.status_code = 400;
    CHECK(parse_recorded(format_result_line(result))->failed);
    result.status_code = 399;
    CHECK_FALSE(parse_recorded(format_result_line(result))->failed);

    result.status_code = 0;
    result.error = Error{
        .code = Errc::provider_unavailable, .message = "no answer", .reason = "refused", .fix = {}};
    CHECK(
        format_result_line(result) ==
        R"({"id":"batch_req_1","custom_id":"a","response":null,"error":{"code":"PROVIDER_UNAVAILABLE","message":"no answer: refused"}})"
        "\n");
    CHECK(parse_recorded(format_result_line(result))->failed);

    for (const auto* bad : {"",
                            "{}",
                            "[]",
                            R"({"custom_id":"a"})",
                            R"({"custom_id":1,"response":null,"error":null})"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_recorded(bad));
    }
}
