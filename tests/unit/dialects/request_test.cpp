#include "dialects/request.hpp"

#include "fixture.hpp"
#include "rows.hpp"

using namespace handover;
using namespace handover::test;
using dialects::Dialect;
using dialects::Refusal;
using dialects::TranslatedRequest;

namespace {

const char* const smallest_chat = R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})";
const char* const smallest_responses = R"({"model":"m","input":"Hi"})";
const char* const chat_as_responses =
    R"({"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}],"store":false})";

struct Direction {
    Dialect from;
    const char* smallest;
    const char* becomes;
};
const Direction from_chat = {Dialect::chat_completions, smallest_chat, chat_as_responses};
const Direction from_responses = {Dialect::responses, smallest_responses, smallest_chat};

dialects::RequestTranslation translate(Dialect from,
                                       std::string_view body,
                                       const config::Compatibility& upstream = {}) {
    const auto to = from == Dialect::responses ? Dialect::chat_completions : Dialect::responses;
    return dialects::translate_request(from, to, body, upstream);
}

dialects::RequestTranslation translate(const Direction& direction,
                                       std::string_view members,
                                       const config::Compatibility& upstream = {}) {
    const auto body = laid_over(parsed(direction.smallest).as_object(), members);
    return translate(direction.from, json::serialize(body), upstream);
}

void becomes(const Direction& direction,
             std::string_view given,
             std::string_view expected,
             const config::Compatibility& upstream = {}) {
    const auto result = translate(direction, given, upstream);
    if (const auto* refused = std::get_if<Refusal>(&result)) FAIL(refused->message);
    const auto& request = std::get<TranslatedRequest>(result);
    INFO(request.body);
    CHECK(parsed(request.body) == laid_over(parsed(direction.becomes).as_object(), expected));
}

}  // namespace

TEST_CASE("a chat request as a Responses one, row by row") {
    for (const auto& row : chat_request_rows) {
        DYNAMIC_SECTION(section(row.name)) {
            becomes(from_chat, row.given, row.becomes);
        }
    }
}

TEST_CASE("a Responses request as a chat one, row by row") {
    for (const auto& row : responses_request_rows) {
        DYNAMIC_SECTION(section(row.name)) {
            becomes(from_responses, row.given, row.becomes);
        }
    }
}

TEST_CASE("in what services depart from their dialect, switch by switch") {
    for (const auto& row : switch_rows) {
        DYNAMIC_SECTION(section(row.name)) {
            const auto& direction = row.from == Dialect::responses ? from_responses : from_chat;
            becomes(direction, row.given, row.becomes, row.upstream);
        }
    }
}

TEST_CASE("what cannot be mapped is refused by its name") {
    const auto check = [](const Direction& direction, const RefusedRow& row) {
        DYNAMIC_SECTION(dialects::name_of(direction.from) << " - " << section(row.name)) {
            const auto result = translate(direction, row.given);
            REQUIRE(std::holds_alternative<Refusal>(result));
            const auto& refused = std::get<Refusal>(result);
            CHECK(refused.param == row.param);
            CHECK(refused.code == row.code);
            CHECK(refused.message.find(row.param) != std::string::npos);
        }
    };
    for (const auto& row : chat_refused_rows) check(from_chat, row);
    for (const auto& row : responses_refused_rows) check(from_responses, row);
    for (const auto& row : chat_wrong_rows) check(from_chat, row);
    for (const auto& row : responses_wrong_rows) check(from_responses, row);
}

TEST_CASE("what is left out is said") {
    const auto check = [](const Direction& direction, const DroppedRow& row) {
        DYNAMIC_SECTION(dialects::name_of(direction.from) << " - " << section(row.name)) {
            const auto result = translate(direction, row.given);
            REQUIRE(std::holds_alternative<TranslatedRequest>(result));
            const auto& request = std::get<TranslatedRequest>(result);
            CHECK(request.dropped == std::vector<std::string>{row.dropped});
            const auto name =
                std::string(row.dropped).substr(std::string(row.dropped).rfind('.') + 1);
            CHECK(request.body.find('"' + name + '"') == std::string::npos);
        }
    };
    for (const auto& row : chat_dropped_rows) check(from_chat, row);
    for (const auto& row : responses_dropped_rows) check(from_responses, row);
}

TEST_CASE("a request's text that is no request") {
    struct Case {
        const char* name;
        std::string body;
        std::string code;
        std::string param;
    };
    std::string deep = R"({"model":"m","input":"Hi","metadata":)";
    for (int level = 0; level < 200; ++level) deep += "[";
    const Case cases[] = {
        {"empty", "", "invalid_json", ""},
        {"blank", " \n", "invalid_json", ""},
        {"broken off", R"({"model":"m","input":")", "invalid_json", ""},
        {"two of them", R"({"model":"m"}{"model":"m"})", "invalid_json", ""},
        {"an array", "[]", "invalid_type", ""},
        {"a text", R"("model")", "invalid_type", ""},
        {"no UTF-8", "{\"model\":\"m\",\"input\":\"\xff\"}", "invalid_json", ""},
        {"a surrogate alone", R"({"model":"m","input":"\ud83d"})", "invalid_json", ""},
        {"too deep", deep, "invalid_json", ""},
        {"a member twice", R"({"model":"a","input":"Hi","model":"b"})", "invalid_json", "model"},
        {"a member twice, escaped",
         R"({"model":"a","input":"Hi","m\u006fdel":"b"})",
         "invalid_json",
         "model"},
        {"a member twice, further in",
         R"({"model":"a","input":"Hi","metadata":{"x":{"a":1,"b":2,"a":3}}})",
         "invalid_json",
         "a"},
        {"an escaped name",
         R"({"m\u006fdel":"a","input":"Hi"})",
         "unknown_parameter",
         "m\\u006fdel"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto result = translate(Dialect::responses, c.body);
            REQUIRE(std::holds_alternative<Refusal>(result));
            CHECK(std::get<Refusal>(result).code == c.code);
            CHECK(std::get<Refusal>(result).param == c.param);
            CHECK_FALSE(std::get<Refusal>(result).message.empty());
        }
    }
}

TEST_CASE("values go over as the text they were sent as") {
    const std::string schema =
        R"({ "type":"object", "properties":{"a":{"maximum":123456789012345678901234567890,"minimum":1.0,"multipleOf":1e-400}} })";
    const auto result = translate(
        Dialect::chat_completions,
        R"({"model":"m","messages":[{"role":"user","content":"\u00e9\ud83d\ude00\/"}],"temperature":0.70,"tools":[{"type":"function","function":{"name":"f","parameters":)" +
            schema + "}}]}");
    const auto& body = std::get<TranslatedRequest>(result).body;
    CHECK(body.find(schema) != std::string::npos);
    CHECK(body.find(R"("temperature":0.70)") != std::string::npos);
    CHECK(body.find(R"("\u00e9\ud83d\ude00\/")") != std::string::npos);
}

TEST_CASE("a body of many lines comes out as one") {
    const auto result = translate(
        Dialect::responses,
        "{\n\"model\": \"m\",\r\n\"input\": \"a\\nb\",\n\"metadata\": {\n\"a\":\n\"b\"}\n}\n");
    CHECK(std::get<TranslatedRequest>(result).body ==
          R"({"model":"m","messages":[{"role":"user","content":"a\nb"}],"metadata":{ "a": "b"}})");
    CHECK(std::get<TranslatedRequest>(result).facts.echo.find('\n') == std::string::npos);
}

TEST_CASE("what the way back has to know") {
    struct Case {
        const char* name;
        const Direction& direction;
        const char* given;
        bool streams;
        bool include_usage;
    };
    const Case cases[] = {
        {"chat", from_chat, "{}", false, false},
        {"chat, streamed", from_chat, R"({"stream":true})", true, false},
        {"chat, with usage",
         from_chat,
         R"({"stream":true,"stream_options":{"include_usage":true}})",
         true,
         true},
        {"Responses", from_responses, R"({"stream":false})", false, false},
        {"Responses, streamed", from_responses, R"({"stream":true})", true, false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto result = translate(c.direction, c.given);
            const auto& facts = std::get<TranslatedRequest>(result).facts;
            CHECK(facts.streams == c.streams);
            CHECK(facts.include_usage == c.include_usage);
            CHECK(facts.echo.empty() == (c.direction.from == Dialect::chat_completions));
        }
    }
}

TEST_CASE("a response repeats its request") {
    const auto result = translate(
        from_responses,
        R"({"instructions":"Be brief.","temperature":0.5,"tools":[{"type":"custom","name":"f"}],"metadata":{"a":"b"},"user":"u"})");
    const auto echo = parsed("{" + std::get<TranslatedRequest>(result).facts.echo.substr(1) + "}");
    CHECK(
        echo ==
        parsed(
            R"({"instructions":"Be brief.","max_output_tokens":null,"metadata":{"a":"b"},"parallel_tool_calls":true,"previous_response_id":null,
                  "reasoning":{"effort":null,"summary":null},"store":false,"temperature":0.5,"text":{"format":{"type":"text"}},"tool_choice":"auto",
                  "tools":[{"type":"custom","name":"f"}],"top_p":null,"truncation":"disabled","user":"u"})"));
}

TEST_CASE("there and back, where nothing is lost") {
    const char* const requests[] = {
        smallest_chat,
        R"({"model":"m","messages":[{"role":"system","content":"a"},{"role":"user","content":[{"type":"text","text":"b"},{"type":"image_url","image_url":{"url":"u","detail":"low"}}]},
            {"role":"assistant","content":"c","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"2","type":"custom","custom":{"name":"g","input":"x"}}]},
            {"role":"tool","tool_call_id":"1","content":"d"},{"role":"tool","tool_call_id":"2","content":"e"},
            {"role":"assistant","content":"f"},{"role":"developer","content":"g"},{"role":"user","content":"h"}],
            "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"},"strict":true}},{"type":"custom","custom":{"name":"g"}}],
            "tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,
            "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{},"strict":true}},"verbosity":"low","reasoning_effort":"low",
            "max_completion_tokens":9,"temperature":0.5,"top_p":1,"metadata":{"a":"b"},"service_tier":"flex","user":"u","logprobs":true,"top_logprobs":1})",
    };
    for (const auto* request : requests) {
        const auto there = translate(Dialect::chat_completions, request);
        REQUIRE(std::holds_alternative<TranslatedRequest>(there));
        const auto back = translate(Dialect::responses, std::get<TranslatedRequest>(there).body);
        REQUIRE(std::holds_alternative<TranslatedRequest>(back));
        auto expected = parsed(request).as_object();
        expected["store"] = false;  // the one thing that has to be said on the way
        CHECK(parsed(std::get<TranslatedRequest>(back).body) == expected);
    }
}

TEST_CASE("a request of the upstream's own dialect is none of ours") {
    const auto result =
        dialects::translate_request(Dialect::responses, Dialect::responses, R"({"x":1})", {});
    CHECK(std::get<TranslatedRequest>(result).body == R"({"x":1})");
}
