#include "run/collector.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "run/raw_json.hpp"
#include "run/stream_gate.hpp"

using handover::http::SseDecoder;
using handover::run::raw_member;
using handover::run::StreamGate;
using handover::run::with_raw_member;

namespace {

struct Collected {
    std::string text = {};
    std::optional<std::string> failure = {};
    std::optional<std::string> result = {};
};

Collected collect(std::string_view dialect,
                  const std::string& stream,
                  std::size_t step_size = std::string::npos) {
    const auto collector = handover::run::make_collector(dialect);
    SseDecoder decoder;
    Collected out;
    for (std::size_t at = 0; at < stream.size();) {
        const auto bytes = std::string_view(stream).substr(at, step_size);
        at += bytes.size();
        decoder.feed(bytes);
        while (true) {
            const auto event = decoder.next();
            if (!event || !*event) break;
            auto step = collector->take(**event);
            out.text += step.text;
            if (step.failure) out.failure = step.failure;
        }
    }
    out.result = collector->result();
    return out;
}

std::string event(const std::string& type, const std::string& data) {
    return "event: " + type + "\ndata: " + data + "\n\n";
}
std::string chunk(const std::string& data) {
    return "data: " + data + "\n\n";
}

}  // namespace

TEST_CASE("a Responses stream becomes text and its final object, untouched") {
    const std::string object =
        R"({"id":"resp_1", "temperature":1.0, "output":[{"type":"message","content":[{"type":"output_text","text":"Hi there"}]}]})";
    const auto out = collect(
        "responses",
        event("response.created", R"({"type":"response.created","response":{"error":null}})") +
            event("response.output_text.delta", R"({"output_index":0,"delta":"Hi "})") +
            event("response.output_text.delta", R"({"output_index":0,"delta":"there"})") +
            event("response.completed",
                  R"({"type":"response.completed","response":)" + object + "}"));
    CHECK(out.text == "Hi there");
    CHECK(out.result == object);
    CHECK_FALSE(out.failure);
}

TEST_CASE("the edges of a Responses stream") {
    struct Case {
        const char* name;
        std::string stream;
        std::string text;
        std::optional<std::string> result;
        bool failed;
    };
    const std::string item = R"({"type":"message","content":[{"type":"output_text","text":"Hi"}]})";
    const Case cases[] = {
        {"empty output is rebuilt",
         event("response.output_item.done", R"({"output_index":1,"item":{"n":1.0}})") +
             event("response.output_item.done", R"({"output_index":0,"item":)" + item + "}") +
             event("response.completed", R"({"response":{"id":"r","output":[]}})"),
         "Hi",
         R"({"id":"r","output":[)" + item + R"(,{"n":1.0}]})",
         false},
        {"absent output too",
         event("response.output_item.done", R"({"output_index":0,"item":{}})") +
             event("response.completed", R"({"response":{"id":"r"}})"),
         "",
         R"({"id":"r","output":[{}]})",
         false},
        {"no deltas: the text is in the object",
         event("response.completed", R"({"response":{"output":[)" + item + "]}}"),
         "Hi",
         R"({"output":[)" + item + "]}",
         false},
        {"a refusal is shown",
         event("response.refusal.delta", R"({"delta":"No."})"),
         "No.",
         {},
         false},
        {"two items",
         event("response.output_text.delta", R"({"output_index":0,"delta":"a"})") +
             event("response.output_text.delta", R"({"output_index":1,"delta":"b"})"),
         "a\nb",
         {},
         false},
        {"incomplete is an end",
         event("response.incomplete", R"({"response":{"status":"incomplete"}})"),
         "",
         R"({"status":"incomplete"})",
         false},
        {"type from the data alone",
         chunk(R"({"type":"response.completed","response":{"id":1}})"),
         "",
         R"({"id":1})",
         false},
        {"failed",
         event("response.failed", R"({"response":{"error":{"code":"server_error"}}})"),
         "",
         {},
         true},
        {"error event", event("error", R"({"code":"x","message":"y"})"), "", {}, true},
        {"broken off", event("response.output_text.delta", R"({"delta":"a"})"), "a", {}, false},
        {"garbage is skipped",
         event("response.output_text.delta", "{") +
             event("response.completed", R"({"response":{}})"),
         "",
         "{}",
         false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto out = collect("responses", c.stream);
            CHECK(out.text == c.text);
            CHECK(out.result == c.result);
            CHECK(out.failure.has_value() == c.failed);
        }
    }
}

TEST_CASE("what only deltas say is a part of the answer") {
    struct Case {
        const char* name;
        std::string stream;
        std::string output;
    };
    const auto delta = [](const std::string& kind, const std::string& at, const std::string& text) {
        return event("response." + kind + ".delta", "{" + at + R"(,"delta":")" + text + R"("})");
    };
    const auto added = [](const std::string& index, const std::string& item) {
        return event("response.output_item.added",
                     R"({"output_index":)" + index + R"(,"item":)" + item + "}");
    };
    const auto message = [](const std::string& content) {
        return R"({"type":"message","status":"completed","role":"assistant","content":[)" +
               content + "]}";
    };
    const auto text = [](const std::string& said) {
        return R"({"type":"output_text","text":")" + said + R"(","annotations":[]})";
    };
    const std::string at_0 = R"("output_index":0,"content_index":0)";
    const std::string call =
        R"({"id":"fc_1","type":"function_call","status":"in_progress","arguments":"","call_id":"c1","name":"f"})";
    const Case cases[] = {
        {"text",
         delta("output_text", at_0, "pa") + delta("output_text", at_0, "r"),
         message(text("par"))},
        {"an item that was added keeps its id",
         added(
             "0",
             R"({"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]})") +
             delta("output_text", at_0, "par"),
         R"({"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[)" +
             text("par") + "]}"},
        {"no index at all", delta("output_text", R"("item_id":"m")", "par"), message(text("par"))},
        {"text, then a refusal",
         delta("output_text", at_0, "par") +
             delta("refusal", R"("output_index":0,"content_index":1)", "No."),
         message(text("par") + R"(,{"type":"refusal","refusal":"No."})")},
        {"what is done is whole",
         delta("output_text", at_0, "pa") +
             event("response.output_text.done", "{" + at_0 + R"(,"text":"par"})"),
         message(text("par"))},
        {"what is done says nothing",
         delta("output_text", at_0, "par") + event("response.output_text.done", "{" + at_0 + "}"),
         message(text("par"))},
        {"a function's arguments",
         added("0", call) + delta("function_call_arguments", R"("output_index":0)", R"({\"a\")") +
             delta("function_call_arguments", R"("output_index":0)", ":1}"),
         R"({"id":"fc_1","type":"function_call","status":"completed","arguments":"{\"a\":1}","call_id":"c1","name":"f"})"},
        {"a call that is given nothing",
         added("0", call),
         R"({"id":"fc_1","type":"function_call","status":"completed","arguments":"","call_id":"c1","name":"f"})"},
        {"a call without a name",
         delta("function_call_arguments", R"("output_index":0)", "{}"),
         ""},
        {"a custom tool's input",
         added("1", R"({"type":"custom_tool_call","call_id":"c1","name":"sql","input":""})") +
             delta("custom_tool_call_input", R"("output_index":1)", "select 1"),
         R"({"type":"custom_tool_call","call_id":"c1","name":"sql","input":"select 1","status":"completed"})"},
        {"thoughts",
         delta("reasoning_summary_text", R"("output_index":0,"summary_index":0)", "hm") +
             delta("reasoning_summary_text", R"("output_index":0,"summary_index":1)", "so") +
             delta("output_text", R"("output_index":1,"content_index":0)", "par"),
         R"({"type":"reasoning","status":"completed","summary":[{"type":"summary_text","text":"hm"},{"type":"summary_text","text":"so"}]},)" +
             message(text("par"))},
        {"an item that is done is not told twice",
         delta("output_text", at_0, "pa") +
             event("response.output_item.done", R"({"output_index":0,"item":{"n":1.0}})") +
             delta("output_text", R"("output_index":1,"content_index":0)", "par"),
         R"({"n":1.0},)" + message(text("par"))},
        {"another kind at one place is left out",
         added("0", call) + delta("output_text", at_0, "par"),
         R"({"id":"fc_1","type":"function_call","status":"completed","arguments":"","call_id":"c1","name":"f"})"},
        {"an item that says nothing",
         added("0", R"({"type":"message","content":[]})") + delta("output_text", at_0, ""),
         ""},
        {"an item of a kind that has no deltas",
         added("0", R"({"type":"web_search_call","id":"w"})"),
         ""},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto stream =
                c.stream + event("response.completed", R"({"response":{"id":"r","output":[]}})");
            for (const std::size_t step : {stream.size(), std::size_t(1)}) {
                const auto out = collect("responses", stream, step);
                CHECK(out.result == R"({"id":"r","output":[)" + c.output + "]}");
            }
        }
    }

    SECTION("the final object's own output wins") {
        const auto out =
            collect("responses",
                    delta("output_text", at_0, "par") +
                        event("response.completed", R"({"response":{"output":[{"n":1.0}]}})"));
        CHECK(out.result == R"({"output":[{"n":1.0}]})");
        CHECK(out.text == "par");
    }
    SECTION("an answer that was cut says so of its items") {
        const auto out = collect("responses",
                                 delta("output_text", at_0, "par") +
                                     event("response.incomplete", R"({"response":{"id":"r"}})"));
        REQUIRE(out.result);
        CHECK(out.result->find(R"("status":"incomplete")") != std::string::npos);
        CHECK(handover::run::response_text(*out.result) == "par");
    }
}

TEST_CASE("an answer may be as deep as those that are translated") {
    const std::string deep = std::string(120, '[') + std::string(120, ']');
    const auto said = collect(
        "responses",
        event(
            "response.output_item.done",
            R"({"output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"Hi"}],"x":)" +
                deep + "}}") +
            event("response.completed", R"({"response":{"id":"r","tools":)" + deep + "}}"));
    CHECK(said.text == "Hi");
    REQUIRE(said.result);
    CHECK(said.result->find(deep) != std::string::npos);
    const auto chatted = collect(
        "chat_completions",
        chunk(
            R"({"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}],"x":)" +
            deep + "}"));
    CHECK(chatted.text == "Hi");
    CHECK(chatted.result);
}

TEST_CASE("a chat stream becomes text and one completion") {
    struct Case {
        const char* name;
        std::string stream;
        std::string text;
        std::optional<std::string> result;
        bool failed;
    };
    const std::string head = R"("id":"c1","created":5,"model":"m")";
    const Case cases[] = {
        {"text and usage",
         chunk(
             "{" + head +
             R"(,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null})") +
             chunk("{" + head + R"(,"choices":[{"index":0,"delta":{"content":"Hi"}}]})") +
             chunk("{" + head + R"(,"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})") +
             chunk("{" + head + R"(,"choices":[],"usage":{"total_tokens":3}})") + chunk("[DONE]"),
         "Hi",
         R"({"id":"c1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","refusal":null},"finish_reason":"stop","logprobs":null}],"usage":{"total_tokens":3}})",
         false},
        {"tool calls in fragments",
         chunk(
             "{" + head +
             R"(,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}]}}]})") +
             chunk(
                 "{" + head +
                 R"(,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}}]})") +
             chunk(
                 "{" + head +
                 R"(,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":"tool_calls"}]})"),
         "",
         R"({"id":"c1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls","logprobs":null}]})",
         false},
        {"a custom tool's call in fragments, beside a function's",
         chunk(
             "{" + head +
             R"(,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"custom","custom":{"name":"sql","input":""}}]}}]})") +
             chunk(
                 "{" + head +
                 R"(,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"custom":{"input":"select "}}]}}]})") +
             chunk(
                 "{" + head +
                 R"(,"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"u","type":"function","function":{"name":"f","arguments":"{}"}}]}}]})") +
             chunk(
                 "{" + head +
                 R"(,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"custom":{"input":"1"}}]},"finish_reason":"tool_calls"}]})"),
         "",
         R"({"id":"c1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"t","type":"custom","custom":{"name":"sql","input":"select 1"}},{"id":"u","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls","logprobs":null}]})",
         false},
        {"a custom call whose opener has no body",
         chunk(
             "{" + head +
             R"(,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"custom"}]}}]})") +
             chunk(
                 "{" + head +
                 R"(,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"custom":{"name":"sql","input":"x"}}]},"finish_reason":"tool_calls"}]})"),
         "",
         R"({"id":"c1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"t","type":"custom","custom":{"name":"sql","input":"x"}}]},"finish_reason":"tool_calls","logprobs":null}]})",
         false},
        {"an error under status 200",
         chunk(R"({"error":{"code":429,"message":"slow"},"choices":[]})"),
         "",
         {},
         true},
        {"broken off",
         chunk("{" + head + R"(,"choices":[{"index":0,"delta":{"content":"Hi"}}]})"),
         "Hi",
         {},
         false},
        {"only the end", chunk("[DONE]"), "", {}, false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto out = collect("chat_completions", c.stream);
            CHECK(out.text == c.text);
            CHECK(out.result == c.result);
            CHECK(out.failure.has_value() == c.failed);
        }
    }
}

TEST_CASE("what a final object says") {
    CHECK(handover::run::answer_text("chat_completions",
                                     R"({"choices":[{"message":{"content":"Hi"}}]})") == "Hi");
    CHECK(handover::run::answer_text(
              "chat_completions",
              R"({"choices":[{"message":{"content":[{"type":"text","text":"Hi"}]}}]})") == "Hi");
    CHECK(handover::run::answer_text("chat_completions", R"({"choices":[]})").empty());
    CHECK(
        handover::run::answer_text(
            "responses",
            R"({"output":[{"type":"reasoning"},{"type":"message","content":[{"type":"refusal","refusal":"No"}]}]})") ==
        "No");
    CHECK(handover::run::answer_text("responses", "not JSON").empty());
}

TEST_CASE("members as they were sent") {
    CHECK(raw_member(R"( { "a" : 1.0 , "b":{"c":"}\"{"} } )", "a") == "1.0");
    CHECK(raw_member(R"({"a":1,"b":{"c":"}\"{"}})", "b") == R"({"c":"}\"{"})");
    CHECK(raw_member(R"({"x":{"a":1},"a":[1,[2]]})", "a") == "[1,[2]]");
    CHECK(raw_member(R"({"a":"q\\"})", "a") == R"("q\\")");
    for (const auto* none : {"",
                             "{}",
                             "[1]",
                             R"({"b":1})",
                             R"({"a")",
                             R"({"a":)",
                             R"({"a":"x)",
                             R"({"a":[)",
                             R"({"b":1 "a":2})"}) {
        CAPTURE(none);
        CHECK_FALSE(raw_member(none, "a"));
    }
    CHECK(with_raw_member(R"({"a":1,"b":2})", "a", "[]") == R"({"a":[],"b":2})");
    CHECK(with_raw_member("{}", "a", "1") == R"({"a":1})");
    CHECK(with_raw_member(R"({"b":2})", "a", "1") == R"({"b":2,"a":1})");
    CHECK_FALSE(with_raw_member("[]", "a", "1"));
}

TEST_CASE("the gate holds a stream until it is an answer") {
    const auto created = event("response.created", R"({"response":{"error":null}})");
    const auto delta = event("response.output_text.delta", R"({"delta":"x"})");
    const auto failed = event("response.failed", R"({"response":{}})");
    SECTION("the first event opens it") {
        StreamGate gate(StreamGate::Preamble::passes);
        CHECK(gate.feed(": ping\n\n") == StreamGate::State::holding);
        CHECK(gate.feed(created) == StreamGate::State::open);
        CHECK(gate.take_held() == ": ping\n\n" + created);
    }
    SECTION("the preamble waits where asked to") {
        StreamGate gate(StreamGate::Preamble::waits);
        CHECK(gate.feed(created) == StreamGate::State::holding);
        CHECK(gate.feed(delta) == StreamGate::State::open);
        CHECK(gate.take_held() == created + delta);
    }
    SECTION("a failure after the preamble") {
        StreamGate gate(StreamGate::Preamble::waits);
        CHECK(gate.feed(created + failed + delta) == StreamGate::State::failed);
        CHECK(gate.failure() == R"({"response":{}})");
    }
    SECTION("byte by byte") {
        StreamGate gate(StreamGate::Preamble::passes);
        const auto bytes = chunk(R"({"error":{"message":"x"}})");
        for (const char c : bytes) (void)gate.feed(std::string_view(&c, 1));
        CHECK(gate.state() == StreamGate::State::failed);
    }
}
