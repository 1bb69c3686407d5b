#include "dialects/stream.hpp"

#include <fstream>
#include <iterator>
#include <random>

#include "fixture.hpp"
#include "rows.hpp"

using namespace handover;
using namespace handover::test;
using dialects::Dialect;

namespace {

std::string as_event(const std::string& data) {
    return "data: " + data + "\n\n";
}

// A line of a row as the chunk that it stands for.
std::string chunk_of(const std::string& line) {
    if (!line.starts_with(R"({"index")")) return line;
    return R"({"id":"chatcmpl-1","created":5,"model":"m","choices":[)" + line + "]}";
}

std::string chat_stream(const RequestRow& row) {
    std::string stream;
    for (const auto& line : lines(row.given)) stream += as_event(chunk_of(line));
    return stream;
}

std::string responses_stream(const RequestRow& row) {
    std::string stream = as_event(
        R"({"type":"response.created","response":{"id":"resp_1","created_at":5,"model":"m"}})");
    for (const auto& line : lines(row.given)) stream += as_event(line);
    return stream;
}

void take_away(json::object& object, const char* name) {
    if (auto* at = object.find(name); at != object.end()) object.erase(at);
}

// What a row says of an event of the Responses API; nothing for those that it leaves out.
std::optional<json::value> in_short(json::object event) {
    const auto type = std::string_view(event.at("type").as_string());
    if (type == "response.created" || type == "response.in_progress") return std::nullopt;
    take_away(event, "sequence_number");
    if (type != "response.completed" && type != "response.incomplete") return event;
    const auto& response = event.at("response").as_object();
    json::object short_one = {{"type", event.at("type")}};
    if (!response.at("usage").is_null()) short_one["usage"] = response.at("usage");
    if (const auto* details = response.at("incomplete_details").if_object())
        short_one["reason"] = details->at("reason");
    return short_one;
}

// What a row says of a chunk; nothing for the first one.
std::optional<json::value> choice_in_short(const json::object& chunk) {
    if (chunk.contains("error")) return chunk;
    auto choice = chunk.at("choices").at(0).as_object();
    if (choice.at("delta").as_object().contains("role")) return std::nullopt;
    take_away(choice, "index");
    for (const auto* name : {"logprobs", "finish_reason"}) {
        if (choice.contains(name) && choice.at(name).is_null()) take_away(choice, name);
    }
    return choice;
}

std::string file_text(const std::string& path) {
    std::ifstream file(SOURCE_FOLDER + std::string("/tests/unit/dialects/golden/") + path,
                       std::ios::binary);
    INFO(path);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Golden {
    const char* name;
    Dialect from;
};
const Golden golden_streams[] = {
    {"chat_text", Dialect::chat_completions},
    {"chat_tools", Dialect::chat_completions},
    {"chat_reasoning_length", Dialect::chat_completions},
    {"responses_text", Dialect::responses},
    {"responses_tools", Dialect::responses},
    {"responses_codex", Dialect::responses},
};

const dialects::RequestFacts with_usage = {
    .streams = true,
    .include_usage = true,
    .echo =
        R"(,"instructions":null,"metadata":{},"parallel_tool_calls":true,"tool_choice":"auto","tools":[])"};

}  // namespace

TEST_CASE("a chat stream as the events of a response, row by row") {
    for (const auto& row : chat_stream_rows) {
        DYNAMIC_SECTION(section(row.name)) {
            const auto out = translated(Dialect::chat_completions, chat_stream(row));
            INFO(out);
            std::vector<json::value> events;
            std::int64_t number = 0;
            for (const auto& data : events_of(out)) {
                const auto event = parsed(data).as_object();
                CHECK(event.at("sequence_number").as_int64() == number++);
                if (auto shown = in_short(event)) events.push_back(*shown);
            }
            std::vector<json::value> expected;
            for (const auto& line : lines(row.becomes)) expected.push_back(parsed(line));
            CHECK(events == expected);
        }
    }
}

TEST_CASE("a Responses stream as chat chunks, row by row") {
    for (const auto& row : responses_stream_rows) {
        DYNAMIC_SECTION(section(row.name)) {
            const auto out = translated(Dialect::responses, responses_stream(row));
            INFO(out);
            std::vector<json::value> events;
            for (const auto& data : events_of(out)) {
                if (data == "[DONE]")
                    events.emplace_back(data);
                else if (auto shown = choice_in_short(parsed(data).as_object()))
                    events.push_back(*shown);
            }
            std::vector<json::value> expected;
            for (const auto& line : lines(row.becomes))
                expected.push_back(line == "[DONE]" ? json::value(line) : parsed(line));
            CHECK(events == expected);
        }
    }
}

TEST_CASE("streams from beginning to end") {
    for (const auto& golden : golden_streams) {
        DYNAMIC_SECTION(golden.name) {
            const auto in = file_text(std::string(golden.name) + ".in.sse");
            const auto out = translated(golden.from, in, with_usage);
            const auto expected = std::string(golden.name) + ".out.sse";
            if (std::getenv("HANDOVER_WRITE_GOLDEN") != nullptr)
                std::ofstream(SOURCE_FOLDER + std::string("/tests/unit/dialects/golden/") +
                              expected)
                    << out;
            CHECK(out == file_text(expected));
        }
    }
}

TEST_CASE("however a stream's bytes are cut, the same comes out") {
    std::mt19937 random(20261122);
    for (const auto& golden : golden_streams) {
        DYNAMIC_SECTION(golden.name) {
            const auto in = file_text(std::string(golden.name) + ".in.sse");
            const auto out = translated(golden.from, in, with_usage);
            CHECK(translated(golden.from, in, with_usage, byte_by_byte) == out);
            for (int round = 0; round < 50; ++round) {
                const auto cut = [&](std::size_t rest) {
                    return std::uniform_int_distribution<std::size_t>(
                        1, std::min<std::size_t>(rest, 300))(random);
                };
                CHECK(translated(golden.from, in, with_usage, cut) == out);
            }
        }
    }
}

TEST_CASE("wherever a stream breaks off, it ends as one and says so") {
    for (const auto& golden : golden_streams) {
        DYNAMIC_SECTION(golden.name) {
            const auto in = file_text(std::string(golden.name) + ".in.sse");
            for (std::size_t size = 0; size < in.size(); size += 7) {
                const auto out = translated(golden.from, in.substr(0, size), with_usage);
                const auto events = events_of(out);
                REQUIRE_FALSE(events.empty());
                const auto& last = events.back();
                const bool ended =
                    last == "[DONE]" ||
                    last.find(R"("type":"response.completed")") != std::string::npos ||
                    last.find(R"("type":"response.incomplete")") != std::string::npos;
                CHECK((ended || last.find(R"("error":{)") != std::string::npos));
            }
        }
    }
}

TEST_CASE("each event is answered at once") {
    const auto chat = dialects::make_stream_translator(
        Dialect::responses, Dialect::chat_completions, {}, identity);
    std::string out;
    chat->take({.type = "response.created", .data = R"({"response":{"id":"resp_1"}})"}, out);
    CHECK(out.find(R"("role":"assistant")") != std::string::npos);
    out.clear();
    chat->take({.type = "response.output_text.delta", .data = R"({"delta":"a"})"}, out);
    CHECK(out.find(R"("content":"a")") != std::string::npos);

    const auto responses = dialects::make_stream_translator(
        Dialect::chat_completions, Dialect::responses, {}, identity);
    out.clear();
    responses->take({.data = R"({"choices":[{"delta":{"content":"a"}}]})"}, out);
    CHECK(out.find("response.created") != std::string::npos);
    CHECK(out.find(R"("delta":"a")") != std::string::npos);
    CHECK_FALSE(responses->ended());
    CHECK_FALSE(responses->failure());
}

TEST_CASE("the usage chunk comes only where it was asked for") {
    const std::string in = as_event(
        R"({"type":"response.completed","response":{"id":"resp_1","usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}})");
    const auto without = translated(Dialect::responses, in, {.streams = true});
    CHECK(without.find("usage") == std::string::npos);
    const auto events = events_of(translated(Dialect::responses, in, with_usage));
    REQUIRE(events.size() == 4);
    CHECK(parsed(events[0]).at("usage").is_null());
    CHECK(parsed(events[2]).at("choices").as_array().empty());
    CHECK(parsed(events[2]).at("usage").at("total_tokens") == 3);
}

TEST_CASE("the host's own failure in the middle of a stream") {
    const auto responses = dialects::make_stream_translator(
        Dialect::chat_completions, Dialect::responses, {}, identity);
    std::string out;
    responses->take({.data = R"({"choices":[{"delta":{"content":"a"}}]})"}, out);
    const auto events_before = events_of(out).size();
    responses->fail({.message = "too slow", .type = "timeout", .code = "idle"}, out);
    CHECK(responses->ended());
    REQUIRE(responses->failure());
    CHECK(responses->failure()->code == "idle");
    const auto events = events_of(out);
    REQUIRE(events.size() == events_before + 1);
    CHECK(parsed(events.back()).at("sequence_number") == events_before);
    CHECK(parsed(events.back()).at("error").at("type") == "timeout");

    CHECK(dialects::failure_event(
              Dialect::chat_completions, {.message = "a\"b\n", .param = "n"}, 0) ==
          "data: "
          "{\"error\":{\"message\":\"a\\\"b\\n\",\"type\":\"server_error\",\"param\":\"n\","
          "\"code\":null}}\n\n");
}

TEST_CASE("a stream's usage is known to the host") {
    const auto chat = dialects::make_stream_translator(
        Dialect::chat_completions, Dialect::responses, {}, identity);
    std::string out;
    CHECK_FALSE(chat->usage());
    chat->take(
        {.data =
             R"({"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6}})"},
        out);
    REQUIRE(chat->usage());
    CHECK(chat->usage()->total == 6);
}

TEST_CASE("a pretty-printed event stays on one line") {
    const std::string in =
        "data: {\"type\":\"response.output_text.delta\",\ndata: "
        "\"delta\":\"a\",\"logprobs\":[\ndata: {\"token\":\ndata: \"a\"}]}\n\n";
    const auto out = translated(Dialect::responses, in);
    for (const auto& data : events_of(out)) (void)parsed(data);
    CHECK(out.find(R"("content":"a")") != std::string::npos);
}
