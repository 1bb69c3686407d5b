#include "codex/request_body.hpp"

#include <catch2/catch.hpp>

using handover::codex::shape_body;
using handover::codex::ShapedBody;
using handover::sdk::Refused;

TEST_CASE("bodies that the codex backend takes") {
    struct Case {
        const char* name;
        const char* body;
        const char* session;
        const char* expected;
    };
    const Case cases[] =
        {
            {"a text becomes one user message, and what is required is there",
             R"({"input":"hi"})",
             "",
             R"({"model":"m","instructions":"","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}],"store":false,"stream":true,"include":["reasoning.encrypted_content"]})"},
            {"every field that passes, in one order",
             R"({"client_metadata":{"a":"b"},"text":{"verbosity":"low"},"prompt_cache_key":"k","service_tier":"priority","include":["message.output_text.logprobs"],"stream":false,"store":true,"reasoning":{"effort":"high"},"parallel_tool_calls":false,"tool_choice":"auto","tools":[{"type":"function","name":"f"}],"input":[],"instructions":"Be brief.","model":"x"})",
             "s",
             R"({"model":"m","instructions":"Be brief.","input":[],"tools":[{"type":"function","name":"f"}],"tool_choice":"auto","parallel_tool_calls":false,"reasoning":{"effort":"high"},"store":false,"stream":true,"include":["reasoning.encrypted_content"],"service_tier":"priority","prompt_cache_key":"k","text":{"verbosity":"low"},"client_metadata":{"a":"b"}})"},
            {"what the backend refuses is left out",
             R"({"input":[],"max_output_tokens":5,"max_completion_tokens":5,"max_tokens":5,"temperature":0,"top_p":1,"truncation":"auto","user":"u","metadata":{},"safety_identifier":"s","prompt_cache_retention":"24h","prompt_cache_options":{},"context_management":[],"stream_options":{},"service_tier":"flex","background":false,"previous_response_id":null,"top_logprobs":1,"max_tool_calls":1,"something_new":1})",
             "",
             R"({"model":"m","instructions":"","input":[],"store":false,"stream":true,"include":["reasoning.encrypted_content"]})"},
            {"roles, ids and reasoning",
             R"({"input":[{"role":"system","content":"a"},{"role":"developer","content":"b"},{"type":"message","role":"user","id":"msg_1","content":"c"},{"type":"reasoning","id":"rs_2","summary":[]},{"type":"reasoning","id":"rs_3","summary":[],"encrypted_content":"e"},{"type":"reasoning","summary":[],"encrypted_content":null},{"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":"o"}]})",
             "",
             R"({"model":"m","instructions":"","input":[{"role":"developer","content":"a"},{"role":"developer","content":"b"},{"type":"message","role":"user","content":"c"},{"type":"reasoning","summary":[],"encrypted_content":"e"},{"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":"o"}],"store":false,"stream":true,"include":["reasoning.encrypted_content"]})"},
            {"the session is the cache key where there is none", R"({"input":[]})", "conversation-1", R"({"model":"m","instructions":"","input":[],"store":false,"stream":true,"include":["reasoning.encrypted_content"],"prompt_cache_key":"conversation-1"})"},
            {"null members are absent ones",
             R"({"input":[],"instructions":null,"tools":null,"reasoning":null,"prompt_cache_key":null,"service_tier":null})",
             "",
             R"({"model":"m","instructions":"","input":[],"store":false,"stream":true,"include":["reasoning.encrypted_content"]})"},
        };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto got = shape_body(c.body, "m", c.session);
            REQUIRE(std::holds_alternative<ShapedBody>(got));
            CHECK(std::get<ShapedBody>(got).text == c.expected);
            // Shaping what is already in shape changes nothing.
            const auto again = shape_body(std::get<ShapedBody>(got).text, "m", c.session);
            REQUIRE(std::holds_alternative<ShapedBody>(again));
            CHECK(std::get<ShapedBody>(again).text == c.expected);
        }
    }
}

TEST_CASE("bodies that would lose their meaning are refused by name") {
    struct Case {
        const char* body;
        const char* named;
    };
    const Case cases[] = {
        {R"({"input":[],"previous_response_id":"resp_1"})", "previous_response_id"},
        {R"({"input":[],"conversation":"conv_1"})", "conversation"},
        {R"({"input":[],"prompt":{"id":"p"}})", "prompt"},
        {R"({"input":[],"background":true})", "background"},
        {R"({"input":[{"type":"item_reference","id":"msg_1"}]})", "item_reference"},
        {R"({"input":[{"role":"user","content":"a"},{"id":"rs_1","type":"item_reference"}]})",
         "\"store\": false"},
        {R"({})", "input"},
        {R"({"input":null})", "input"},
        {R"({"input":{}})", "input"},
        {R"({"input":["text"]})", "input"},
        {R"([])", "JSON object"},
        {R"({"input":"x"} )"
         "x",
         "JSON object"},
        {"", "JSON object"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.body) {
            const auto got = shape_body(c.body, "m", "");
            REQUIRE(std::holds_alternative<Refused>(got));
            CHECK(std::get<Refused>(got).message.find(c.named) != std::string::npos);
        }
    }
}

TEST_CASE("a body may be as deep as those that the host translates") {
    const auto nested = [](std::size_t levels) {  // the body is the first of them
        const std::string tool(levels - 1, '[');
        return R"({"input":[],"tools":)" + tool + std::string(levels - 1, ']') + "}";
    };
    const auto got = shape_body(nested(128), "m", "");
    REQUIRE(std::holds_alternative<ShapedBody>(got));
    CHECK(std::get<ShapedBody>(got).text.find(std::string(127, '[')) != std::string::npos);
    CHECK(std::holds_alternative<Refused>(shape_body(nested(129), "m", "")));
}
