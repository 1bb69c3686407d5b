#include "gateway/relay.hpp"

#include <catch2/catch.hpp>

#include "run/raw_json.hpp"

using namespace handover;
using dialects::Dialect;
using gateway::Conversation;
using gateway::make_relay;

namespace {

// A client that writes down what it gets.
class Seen : public gateway::Responder {
public:
    void bear(std::span<const gateway::HeaderView> /*headers*/) override {}
    void whole(int code, std::span<const http::Header> fields, std::string_view bytes) override {
        send_head(code, fields, bytes.size());
        body = bytes;
        finished = true;
    }
    void send_head(int code,
                   std::span<const http::Header> fields,
                   std::optional<std::uint64_t> /*length*/) override {
        status = code;
        headers.assign(fields.begin(), fields.end());
        ++heads;
    }
    gateway::Pressure write(std::string_view bytes) override {
        body += bytes;
        writes.emplace_back(bytes);
        return pressure;
    }
    gateway::Pressure queue(std::string_view bytes) override { return write(bytes); }
    void flush() override {}
    void finish() override { finished = true; }
    void abort() override { aborted = true; }
    void on_drained(std::function<void()> call) override { drained = std::move(call); }
    [[nodiscard]] bool head_sent() const override { return heads > 0; }

    int status = 0;
    int heads = 0;
    std::vector<http::Header> headers = {};
    std::string body = {};
    std::vector<std::string> writes = {};
    bool finished = false;
    bool aborted = false;
    gateway::Pressure pressure = gateway::Pressure::none;
    std::function<void()> drained = {};
};

struct Scene {
    Seen seen = {};
    gateway::Notes notes = {};
    http::Flow flow{};
    gateway::ClientSide client{.responder = seen, .notes = notes, .flow = flow};
    Conversation conversation = {};

    std::unique_ptr<gateway::Relay> relay(const char* type) {
        return make_relay(client,
                          conversation,
                          {.status = 200,
                           .headers = {{"Content-Type", type},
                                       {"Set-Cookie", "a=b"},
                                       {"x-request-id", "req_theirs"},
                                       {"x-codex-primary-used-percent", "12"},
                                       {"Alt-Svc", "h3"}}});
    }
};

const char* events = "text/event-stream; charset=utf-8";

const std::string message =
    R"({"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi","annotations":[]}]})";

// As text, not parsed: what it says of `output` at the end.
std::string stream_with(const std::string& output) {
    return "event: response.created\n"
           R"(data: {"type":"response.created","response":{"id":"resp_1","status":"in_progress","output":[],"usage":null}})"
           "\n\n"
           "event: response.output_text.delta\n"
           R"(data: {"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hi"})"
           "\n\n"
           "event: response.output_item.done\n"
           R"(data: {"type":"response.output_item.done","output_index":0,"item":)" +
           message +
           "}\n\n"
           "event: response.completed\n"
           R"(data: {"type":"response.completed","response":{"id":"resp_1","object":"response","status":"completed","model":"m","output":)" +
           output +
           R"(,"usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":1},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":5}}})"
           "\n\n";
}

const std::string response_stream = stream_with('[' + message + ']');

const char* chat_stream =
    R"(data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}],"usage":null})"
    "\n\n"
    R"(data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})"
    "\n\n"
    "data: [DONE]\n\n";

std::string member(std::string_view object, std::string_view name) {
    return std::string(run::raw_member(object, name).value_or("none"));
}

}  // namespace

TEST_CASE("a stream in one dialect passes byte for byte, whole events at a time") {
    struct Case {
        Dialect dialect;
        const char* text;
    };
    const Case cases[] = {{Dialect::responses, response_stream.c_str()},
                          {Dialect::chat_completions, chat_stream}};
    for (const auto& c : cases) {
        const std::string_view text = c.text;
        for (const auto step : {text.size(), std::size_t{1}, std::size_t{7}, std::size_t{100}}) {
            DYNAMIC_SECTION(dialects::name_of(c.dialect) << " in pieces of " << step) {
                Scene scene;
                scene.conversation = {
                    .client = c.dialect, .upstream = c.dialect, .client_streams = true};
                const auto relay = scene.relay(events);
                for (std::size_t at = 0; at < text.size(); at += step) {
                    CHECK_FALSE(relay->ended());
                    REQUIRE(relay->body(text.substr(at, step)));
                }
                CHECK(relay->ended());
                CHECK_FALSE(relay->finish());
                CHECK(scene.seen.body == text);
                CHECK(scene.seen.finished);
                for (const auto& piece : scene.seen.writes)
                    CHECK((piece.empty() || piece.ends_with("\n\n")));
                CHECK(scene.notes.input_tokens == 3);
                CHECK(scene.notes.output_tokens == 2);
            }
        }
    }
}

TEST_CASE("a stream whose end has none of its items is given them; all else passes as it is") {
    const auto second = R"({"id":"fc_1","type":"function_call","n":1.50})";
    const auto done =
        "event: response.output_item.done\n"
        R"(data: {"type":"response.output_item.done","output_index":1,"item":)" +
        std::string(second) + "}\n\n";
    const auto with_second = [&](std::string stream) {
        return stream.insert(stream.find("event: response.completed"), done);
    };
    struct Case {
        const char* name;
        std::string text;
        std::string seen;
    };
    const auto none = stream_with("[]");
    const auto unfinished = none.substr(0, none.find("event: response.output_item")) +
                            none.substr(none.find("event: response.completed"));
    const std::string incomplete = "response.incomplete";
    auto cut_short = none;
    auto cut_short_seen = response_stream;
    for (auto* stream : {&cut_short, &cut_short_seen})
        for (const auto at :
             {stream->rfind("response.completed"), stream->rfind("event: response.completed") + 7})
            stream->replace(at, std::string("response.completed").size(), incomplete);
    const Case cases[] = {
        {"one", none, response_stream},
        {"with blanks", stream_with("[ ]"), response_stream},
        {"two", with_second(none), with_second(stream_with('[' + message + ',' + second + ']'))},
        {"an end before its time", cut_short, cut_short_seen},
        {"none that were finished", unfinished, unfinished},
        {"null is not empty", stream_with("null"), stream_with("null")},
        {"some are there", with_second(response_stream), with_second(response_stream)},
    };
    for (const auto& c : cases) {
        for (const auto step : {std::size_t{1}, std::size_t{50}, std::size_t{10'000}}) {
            DYNAMIC_SECTION(c.name << " in pieces of " << step) {
                Scene scene;
                scene.conversation = {.client = Dialect::responses,
                                      .upstream = Dialect::responses,
                                      .client_streams = true};
                const auto relay = scene.relay(events);
                for (std::size_t at = 0; at < c.text.size(); at += step)
                    REQUIRE(relay->body(std::string_view(c.text).substr(at, step)));
                CHECK_FALSE(relay->finish());
                CHECK(scene.seen.body == c.seen);
                CHECK(scene.notes.output_tokens == 2);
            }
        }
    }
}

TEST_CASE("headers that pass") {
    Scene scene;
    scene.conversation = {
        .client = Dialect::responses, .upstream = Dialect::responses, .client_streams = true};
    (void)scene.relay(events);
    CHECK(scene.seen.headers == std::vector<http::Header>{{"Content-Type", events},
                                                          {"x-upstream-request-id", "req_theirs"},
                                                          {"x-codex-primary-used-percent", "12"}});
}

TEST_CASE("a stream that breaks ends as an error that the official clients raise") {
    const gateway::ApiError error = {
        .status = 503, .message = "it broke", .type = "server_error", .code = "server_error"};
    for (const auto dialect : {Dialect::responses, Dialect::chat_completions}) {
        DYNAMIC_SECTION(dialects::name_of(dialect)) {
            Scene scene;
            scene.conversation = {.client = dialect, .upstream = dialect, .client_streams = true};
            const auto relay = scene.relay(events);
            REQUIRE(relay->body("data: {\"a\":1}\n\ndata: {\"half"));
            relay->fail(error);
            CHECK(scene.seen.finished);
            CHECK_FALSE(scene.seen.aborted);
            CHECK(scene.seen.body.starts_with("data: {\"a\":1}\n\n"));
            CHECK(scene.seen.body.find("half") == std::string::npos);
            CHECK(scene.seen.body.find("it broke") != std::string::npos);
            CHECK(scene.seen.body.ends_with("\n\n"));
        }
    }
}

TEST_CASE("a stream that passes and ends in order, but not with its end, broke off") {
    constexpr auto responses = Dialect::responses;
    constexpr auto chat = Dialect::chat_completions;
    struct Case {
        const char* name;
        Dialect dialect;
        std::string text;
        const char* error;  // for the log; empty: the stream is whole, and passes as it is
    };
    const std::string one =
        R"(data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]})"
        "\n\n";
    const std::string finish =
        R"(data: {"choices":[{"index":0,"delta":{},"finish_reason": "stop"}]})"
        "\n\n";
    const std::string usage =
        R"(data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}})"
        "\n\n";
    const std::string created =
        R"(data: {"type":"response.created","response":{"status":"in_progress","error":null}})"
        "\n\n";
    const std::string failed =
        R"(data: {"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"m"}}})"
        "\n\n";
    const Case cases[] = {
        {"nothing", chat, "", "stream_broken_off"},
        {"a chunk", chat, one, "stream_broken_off"},
        {"a chunk and a comment", chat, one + ": data\n\n", "stream_broken_off"},
        {"half a chunk", chat, finish + R"(data: {"choices":[{"in)", ""},
        {"the half of the first",
         chat,
         one + R"(data: {"choices":[{"index":0,"delta":{},"finish_)",
         "stream_broken_off"},
        {"the reason", chat, one + finish, ""},
        {"the reason and a comment", chat, one + finish + ": data\n\n", ""},
        {"the usage", chat, one + finish + usage, ""},
        {"the word", chat, one + "data: [DONE]\n\n", ""},
        {"the word and a blank", chat, one + "data: [DONE] \n\n", ""},
        {"the word and a blank line", chat, one + "data: [DONE]\n\n\n\n", ""},
        {"the reason and a comment that begins late", chat, one + finish + "\n: data\n\n", ""},
        {"an error",
         chat,
         one + "data: {\"error\":{\"message\":\"m\",\"code\":\"overloaded\"}}\n\n",
         "overloaded"},
        {"nothing of a response", responses, "", "stream_broken_off"},
        {"the beginning", responses, created, "stream_broken_off"},
        {"a failure", responses, created + failed, "rate_limit_exceeded"},
        {"a whole response", responses, response_stream, ""},
        {"more after the end", responses, response_stream + created, ""},
        {"incomplete", responses, created + "event: response.incomplete\ndata: {}\n\n", ""},
    };
    for (const auto& c : cases) {
        for (const auto step : {std::size_t{1}, std::size_t{50}, std::size_t{10'000}}) {
            DYNAMIC_SECTION(c.name << " in pieces of " << step) {
                Scene scene;
                scene.conversation = {
                    .client = c.dialect, .upstream = c.dialect, .client_streams = true};
                const auto relay = scene.relay(events);
                for (std::size_t at = 0; at < c.text.size(); at += step)
                    REQUIRE(relay->body(std::string_view(c.text).substr(at, step)));
                CHECK_FALSE(relay->finish());
                CHECK(scene.seen.finished);
                CHECK(scene.notes.error == c.error);
                const auto whole = c.text.substr(0, c.text.rfind("\n\n") + 2);
                const bool broke = scene.notes.error == "stream_broken_off";
                CHECK(scene.seen.body.starts_with(c.text.empty() ? "" : whole));
                CHECK((scene.seen.body.find("broke off") != std::string::npos) == broke);
                CHECK((broke || scene.seen.body == whole));
            }
        }
    }
}

TEST_CASE("the blank line after the last event of a stream may be left away") {
    for (const auto* last : {"data: [DONE]", "data: [DONE]\n"}) {
        Scene scene;
        scene.conversation = {.client = Dialect::chat_completions,
                              .upstream = Dialect::chat_completions,
                              .client_streams = true};
        const auto relay = scene.relay(events);
        REQUIRE(relay->body(last));
        CHECK_FALSE(relay->finish());
        CHECK(scene.notes.error.empty());
        CHECK(scene.seen.body.starts_with("data: [DONE]\n\n"));
    }
}

TEST_CASE("a slow client holds its own upstream back") {
    Scene scene;
    scene.conversation = {
        .client = Dialect::responses, .upstream = Dialect::responses, .client_streams = true};
    const auto relay = scene.relay(events);
    scene.seen.pressure = gateway::Pressure::high;
    CHECK(relay->body("data: 1\n\n"));
    CHECK(scene.flow.paused());
    REQUIRE(scene.seen.drained);
    scene.seen.drained();
    CHECK_FALSE(scene.flow.paused());
    scene.seen.pressure = gateway::Pressure::gone;
    CHECK_FALSE(relay->body("data: 2\n\n"));
}

TEST_CASE("bodies in one dialect") {
    Scene scene;
    scene.conversation = {.client = Dialect::chat_completions,
                          .upstream = Dialect::chat_completions};
    const auto relay = scene.relay("application/json");
    SECTION("short ones leave in one piece") {
        const std::string_view text =
            R"({"id":"c","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},"x":1e2})";
        CHECK(relay->body(text.substr(0, 5)));
        CHECK(relay->body(text.substr(5)));
        CHECK(scene.seen.heads == 0);
        CHECK_FALSE(relay->finish());
        CHECK(scene.seen.body == text);
        CHECK(scene.seen.writes.empty());
        CHECK(scene.notes.input_tokens == 3);
    }
    SECTION("long ones as they come") {
        const std::string piece(50'000, 'x');
        CHECK(relay->body(piece));
        CHECK(scene.seen.heads == 0);
        CHECK(relay->body(piece));
        CHECK(scene.seen.heads == 1);
        CHECK(scene.seen.body.size() == 100'000);
        SECTION("to the end, which says what it used") {
            CHECK(relay->body(R"(","usage":{"prompt_tokens":3,"compl)"));
            CHECK(relay->body(R"(etion_tokens":2,"total_tokens":5}})"));
            CHECK_FALSE(relay->finish());
            CHECK(scene.seen.finished);
            CHECK(scene.notes.input_tokens == 3);
            CHECK(scene.notes.output_tokens == 2);
        }
        SECTION("or not: there is no other way to say so") {
            relay->fail({});
            CHECK(scene.seen.aborted);
            CHECK_FALSE(scene.seen.finished);
        }
    }
}

TEST_CASE("an upstream that has to stream, a client that does not") {
    Scene scene;
    scene.conversation = {.client = Dialect::responses, .upstream = Dialect::responses};
    const auto relay = scene.relay(events);
    SECTION("gets the collected object") {
        CHECK(relay->body(stream_with("[]")));
        CHECK(relay->ended());
        CHECK_FALSE(relay->finish());
        CHECK(member(scene.seen.body, "status") == "\"completed\"");
        CHECK(member(scene.seen.body, "output").find("\"Hi\"") != std::string::npos);
        CHECK(http::find_header(scene.seen.headers, "content-type") == "application/json");
        CHECK(scene.notes.input_tokens == 3);
        CHECK(scene.notes.cached_tokens == 1);
    }
    SECTION("or the failure in it") {
        CHECK_FALSE(relay->body("event: error\ndata: {\"type\":\"error\",\"message\":\"no\"}\n\n"));
        CHECK(relay->ended());
        const auto failure = relay->finish();
        REQUIRE(failure);
        CHECK(failure->status == 0);
        CHECK(failure->body.find("\"no\"") != std::string::npos);
        CHECK(scene.seen.heads == 0);
    }
    SECTION("or nothing, if it broke off") {
        CHECK(relay->body("event: response.created\ndata: {\"type\":\"response.created\"}\n\n"));
        CHECK_FALSE(relay->ended());
        CHECK(relay->finish());
        CHECK(scene.seen.heads == 0);
    }
}

TEST_CASE("a stream in the other dialect, event by event") {
    Scene scene;
    scene.conversation = {.client = Dialect::chat_completions,
                          .upstream = Dialect::responses,
                          .client_streams = true,
                          .facts = {.streams = true, .include_usage = true},
                          .seed = "0123456789abcdef",
                          .now = 1};
    const auto relay = scene.relay(events);
    const std::string_view text = response_stream;
    const auto after_text = text.find("event: response.output_item.done");
    CHECK(relay->body(text.substr(0, after_text)));
    CHECK(scene.seen.body.find("\"Hi\"") != std::string::npos);
    CHECK_FALSE(scene.seen.finished);
    SECTION("to its end, which is told at once") {
        CHECK(relay->body(text.substr(after_text)));
        CHECK(scene.seen.finished);
        CHECK(relay->ended());
        CHECK(scene.seen.body.ends_with("data: [DONE]\n\n"));
        CHECK(scene.notes.output_tokens == 2);
        const auto before = scene.seen.body;
        CHECK_FALSE(relay->finish());
        CHECK(scene.seen.body == before);
    }
    SECTION("or to an error") {
        relay->fail({.status = 503, .message = "it broke", .type = "server_error"});
        CHECK(scene.seen.finished);
        CHECK(scene.seen.body.find("it broke") != std::string::npos);
    }
}

TEST_CASE("a whole answer in the other dialect") {
    Scene scene;
    scene.conversation = {.client = Dialect::responses,
                          .upstream = Dialect::chat_completions,
                          .seed = "0123456789abcdef",
                          .now = 1};
    const auto relay = scene.relay("application/json");
    SECTION("translated") {
        CHECK(relay->body(
            R"({"id":"chatcmpl-1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})"));
        CHECK_FALSE(relay->finish());
        CHECK(member(scene.seen.body, "object") == "\"response\"");
        CHECK(scene.seen.body.find("\"Hi\"") != std::string::npos);
        CHECK(scene.notes.output_tokens == 2);
    }
    SECTION("an error under status 200 is one") {
        CHECK(relay->body(R"({"error":{"message":"no credits","code":402}})"));
        const auto failure = relay->finish();
        REQUIRE(failure);
        CHECK(failure->body.find("no credits") != std::string::npos);
    }
    SECTION("and what is no answer at all") {
        CHECK(relay->body("<html>"));
        CHECK(relay->finish());
        CHECK(scene.seen.heads == 0);
    }
}

TEST_CASE("what is not translated passes, whatever it is") {
    Scene scene;
    const auto relay = scene.relay("application/json");
    const std::string text =
        R"({"object":"list","data":[],"usage":{"prompt_tokens":5,"total_tokens":5}})";
    CHECK(relay->body(text));
    CHECK_FALSE(relay->finish());
    CHECK(scene.seen.body == text);
    CHECK(scene.notes.input_tokens == 5);
    CHECK(scene.notes.output_tokens == 0);
}

TEST_CASE("an answer that cannot be read says why") {
    Scene scene;
    scene.conversation = {.client = Dialect::chat_completions, .upstream = Dialect::responses};
    SECTION("an event that is too long, of a stream") {
        scene.conversation.client_streams = true;
    }
    SECTION("or of one that is collected") {
        scene.conversation.client_streams = false;
    }
    SECTION("or of one that passes") {
        scene.conversation.client_streams = true;
        scene.conversation.client = Dialect::responses;
    }
    const auto relay = scene.relay(events);
    CHECK(relay->body("data: "));
    CHECK(relay->gave_up() == nullptr);
    const std::string piece(1U << 20U, 'x');
    int pieces = 0;
    while (relay->body(piece)) REQUIRE(++pieces <= 64);
    CHECK(pieces >= 63);
    CHECK_FALSE(relay->ended());
    REQUIRE(relay->gave_up() != nullptr);
    CHECK(relay->gave_up()->code == Errc::provider_unavailable);
    CHECK(relay->gave_up()->message == "an event in the stream is longer than 67108864 bytes");
}

TEST_CASE("a page in an answer's place keeps its status") {
    Scene scene;
    scene.conversation = {.client = Dialect::chat_completions, .upstream = Dialect::responses};
    const auto relay = scene.relay("text/html");
    CHECK(relay->body("<!DOCTYPE html>"));
    const auto failure = relay->finish();
    REQUIRE(failure);
    CHECK(failure->status == 200);
    CHECK(scene.seen.heads == 0);
}
