#include "gateway/asked_model.hpp"

#include <catch2/catch.hpp>

using handover::gateway::ApiError;
using handover::gateway::AskedModel;
using handover::gateway::read_asked;
using handover::gateway::with_model;

TEST_CASE("what a body asks of the gateway") {
    struct Case {
        const char* body;
        AskedModel asked;
    };
    const Case cases[] = {
        {R"({})", {}},
        {R"({"model":"gpt-5"})", {.model = "gpt-5"}},
        {R"( { "stream" : true , "model" : "a\/b" } )", {.model = "a/b", .stream = true}},
        {R"({"model":null,"stream":null})", {}},
        {R"({"stream":false,"input":{"model":"inner","stream":true}})", {}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.body) {
            const auto asked = read_asked(c.body);
            REQUIRE(std::holds_alternative<AskedModel>(asked));
            CHECK(std::get<AskedModel>(asked) == c.asked);
        }
    }
}

TEST_CASE("bodies that are refused") {
    struct Case {
        const char* body;
        const char* code;
        const char* param;
    };
    const Case cases[] = {
        {"", "invalid_json", ""},
        {"   ", "invalid_json", ""},
        {"[]", "invalid_json", ""},
        {"\"model\"", "invalid_json", ""},
        {"{", "invalid_json", ""},
        {"{} {}", "invalid_json", ""},
        {R"({"model":"a","model":"b"})", "invalid_json", "model"},
        {R"({"model":7})", "invalid_type", "model"},
        {R"({"stream":"true"})", "invalid_type", "stream"},
        {R"({"stream":1})", "invalid_type", "stream"},
        {R"({"mod\u0065l":"a"})", "invalid_json", "model"},
        {R"({"model":"a","\u0073tream":true})", "invalid_json", "stream"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.body) {
            const auto asked = read_asked(c.body);
            REQUIRE(std::holds_alternative<ApiError>(asked));
            const auto& error = std::get<ApiError>(asked);
            CHECK(error.status == 400);
            CHECK(error.code == c.code);
            CHECK(error.param == c.param);
            CHECK_FALSE(error.message.empty());
        }
    }
}

TEST_CASE("a model is named in a body that names another, or none") {
    CHECK(with_model(R"({"input":[1e2] })", "m") == R"({"input":[1e2] ,"model":"m"})");
    CHECK(with_model(R"({"a":1,"model":null})", "m") == R"({"a":1,"model":"m"})");
    CHECK(with_model(R"({"model" : "x"})", "a \"b\"") == R"({"model" : "a \"b\""})");
    CHECK(with_model("{}", "m") == R"({"model":"m"})");
}
