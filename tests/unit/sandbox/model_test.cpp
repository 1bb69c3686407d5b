#include "sandbox/model.hpp"

#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include "sandbox/codex_rules.hpp"

using namespace handover::sandbox;
namespace json = boost::json;

namespace {

const ModelContext context{.id = "1", .now = handover::Time(std::chrono::seconds(1000))};

// The data of an event as JSON.
json::object data(const std::string& event) {
    const auto start = event.find("data: ") + 6;
    return json::parse(event.substr(start, event.size() - 2 - start)).as_object();
}

}  // namespace

TEST_CASE("a Responses stream goes up and down the whole ladder") {
    const auto reply =
        answer_responses(R"({"model":"m","input":"hello there","stream":true})", context);
    REQUIRE(reply.streams);
    std::vector<std::string> types;
    std::string text;
    for (std::size_t i = 0; i < reply.events.size(); ++i) {
        const auto event = data(reply.events[i]);
        const auto type = std::string(event.at("type").as_string());
        CHECK(event.at("sequence_number").to_number<std::size_t>() == i);
        CHECK(reply.events[i].find("event: " + type + "\n") == 0);
        if (type == "response.output_text.delta") text += event.at("delta").as_string();
        if (types.empty() || types.back() != type) types.push_back(type);
    }
    CHECK(text == "You said: hello there");
    CHECK(types == std::vector<std::string>{"response.created",
                                            "response.in_progress",
                                            "response.output_item.added",
                                            "response.content_part.added",
                                            "response.output_text.delta",
                                            "response.output_text.done",
                                            "response.content_part.done",
                                            "response.output_item.done",
                                            "response.completed"});
    const auto last = data(reply.events.back()).at("response").as_object();
    CHECK(last.at("status") == "completed");
    CHECK(last.at("usage").as_object().at("output_tokens") == 4);
    CHECK(last.at("output").as_array().size() == 1);
}

TEST_CASE("without a stream the response comes at once") {
    const auto reply = answer_responses(
        R"({"model":"m","input":[{"role":"user","content":"first"},{"role":"assistant","content":"x"},
            {"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]}]})",
        context);
    CHECK_FALSE(reply.streams);
    CHECK(reply.body.find("You said: ab") != std::string::npos);
}

TEST_CASE("chat chunks, with usage only when asked for") {
    const auto plain = answer_chat_completions(
        R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true})", context);
    CHECK(plain.events.back() == "data: [DONE]\n\n");
    CHECK(plain.events[plain.events.size() - 2].find(R"("finish_reason":"stop")") !=
          std::string::npos);
    const auto with_usage = answer_chat_completions(
        R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})",
        context);
    CHECK(with_usage.events[with_usage.events.size() - 2].find(R"("choices":[],"usage":{)") !=
          std::string::npos);
}

TEST_CASE("lists of models") {
    const auto openai = list_models({}, Backend::openai);
    CHECK(openai.status == 200);
    CHECK(openai.body.find(R"("object":"list")") != std::string::npos);
    REQUIRE(openai.headers.back().first == "ETag");
    const auto again = list_models({.headers = {{"if-none-match", openai.headers.back().second}}},
                                   Backend::openai);
    CHECK(again.status == 304);
    CHECK(again.body.empty());
    CHECK(list_models({}, Backend::codex).status == 400);
    const auto codex = list_models({.query = "client_version=1.2.3"}, Backend::codex);
    CHECK(codex.status == 200);
    CHECK(codex.body.find(R"("visibility":"hide")") != std::string::npos);
}

TEST_CASE("bodies that either dialect refuses") {
    for (const auto* bad : {"", "[]", "{", R"({"input":"x","messages":[]})", R"({"model":"m"})"}) {
        CAPTURE(bad);
        CHECK(answer_responses(bad, context).status == 400);
        CHECK(answer_chat_completions(bad, context).status == 400);
    }
}

TEST_CASE("what the codex backend refuses") {
    struct Case {
        const char* name;
        const char* body;
        int status;
        const char* says;
    };
    const Case cases[] = {
        {"no instructions",
         R"({"model":"m","input":[],"store":false,"stream":true})",
         400,
         "Instructions"},
        {"store left out", R"({"instructions":"","input":[],"stream":true})", 400, "Store"},
        {"store true",
         R"({"instructions":"","input":[],"store":true,"stream":true})",
         400,
         "Store"},
        {"no stream", R"({"instructions":"","input":[],"store":false})", 400, "Stream"},
        {"input as text",
         R"({"instructions":"","input":"x","store":false,"stream":true})",
         400,
         "list"},
        {"an unknown field",
         R"({"instructions":"","input":[],"store":false,"stream":true,"temperature":1})",
         400,
         "Unsupported parameter: temperature"},
        {"a tier",
         R"({"instructions":"","input":[],"store":false,"stream":true,"service_tier":"flex"})",
         400,
         "service_tier"},
        {"a system message",
         R"({"instructions":"","input":[{"role":"system","content":""}],"store":false,"stream":true})",
         400,
         "System"},
        {"an item's id",
         R"({"instructions":"","input":[{"id":"msg_1"}],"store":false,"stream":true})",
         404,
         "msg_1"},
        {"not JSON", "x", 400, "detail"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto refused = refuse_by_codex_rules(c.body);
            REQUIRE(refused);
            CHECK(refused->status == c.status);
            CHECK(refused->body.find(c.says) != std::string::npos);
        }
    }
    CHECK_FALSE(refuse_by_codex_rules(
        R"({"model":"m","instructions":"","input":[{"role":"user","content":"x"}],"store":false,"stream":true,"service_tier":"priority"})"));
}
