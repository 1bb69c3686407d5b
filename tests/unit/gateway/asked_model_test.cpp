#include "gateway/asked_model.hpp"

#include <catch2/catch.hpp>

using handover::gateway::ApiError;
using handover::gateway::AskedModel;
using handover::gateway::most_values;
using handover::gateway::Numbers;
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
        {R"({"\u006dodels":"a","strea\u006e":1,"a\/b":2})", {}},
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

TEST_CASE("how many values a body may hold") {
    const auto list_of = [](const std::string& value, std::size_t count) {
        std::string body = R"({"input":[)";
        for (std::size_t i = 0; i < count; ++i) body += (i == 0 ? "" : ",") + value;
        return body + "]}";
    };
    struct Case {
        const char* name;
        const char* value;
        std::size_t each;  // values that one of them is
        Numbers numbers = Numbers::count;
        bool bounded = true;
    };
    const Case cases[] = {
        {"texts", R"("")", 1},
        {"texts with commas", R"(",[{1")", 1},
        {"numbers", "1", 1},
        {"words", "null", 1},
        {"lists", "[]", 1},
        {"objects of one member", R"({"a":1})", 2},
        {"texts, where numbers do not count", R"("")", 1, Numbers::do_not_count},
        {"numbers, where they do not count", "-1.5e3", 1, Numbers::do_not_count, false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto most = (most_values - 2) / c.each;  // the object and the list are two
            CHECK(
                std::holds_alternative<AskedModel>(read_asked(list_of(c.value, most), c.numbers)));
            const auto asked = read_asked(list_of(c.value, most + 1), c.numbers);
            CHECK(std::holds_alternative<ApiError>(asked) == c.bounded);
            if (const auto* error = std::get_if<ApiError>(&asked)) {
                CHECK(error->status == 400);
                CHECK(error->code == "too_many_values");
                CHECK(error->message == "the body holds more than 131072 JSON values");
            }
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
        {R"({"\u006d\u006f\u0064\u0065\u006c":"a"})", "invalid_json", "model"},
        {R"({"\u0073\u0074\u0072\u0065\u0061\u006d":true})", "invalid_json", "stream"},
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
