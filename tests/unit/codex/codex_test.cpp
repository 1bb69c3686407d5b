#include "codex/codex.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace handover::codex;
using handover::sdk::Header;
using handover::sdk::Prepared;
using handover::sdk::Refused;

TEST_CASE("a request always streams and carries its headers") {
    const Settings settings{.originator = "handover", .version = "1.2"};
    const auto answer = prepare(
        settings,
        {.dialect = "responses", .model = "m", .body = R"({"input":"hi"})", .session = "s-1"});
    REQUIRE(std::holds_alternative<Prepared>(answer));
    const auto& p = std::get<Prepared>(answer);
    CHECK(p.path == "/responses");
    CHECK(p.method == "POST");
    CHECK(p.upstream_streams == true);
    CHECK_FALSE(p.use_request_body);
    CHECK(p.headers == std::vector<Header>{{"Content-Type", "application/json"},
                                           {"Accept", "text/event-stream"},
                                           {"originator", "handover"},
                                           {"User-Agent", "handover/1.2"},
                                           {"session-id", "s-1"}});
    CHECK(p.body.find("\"prompt_cache_key\":\"s-1\"") != std::string::npos);
}

TEST_CASE("the backend is told of tools among the items") {
    const auto told = [](const char* body) {
        const auto answer = prepare({}, {.dialect = "responses", .model = "m", .body = body});
        const auto& headers = std::get<Prepared>(answer).headers;
        return std::find(headers.begin(),
                         headers.end(),
                         Header{"x-openai-internal-codex-responses-lite", "true"}) != headers.end();
    };
    CHECK(told(
        R"({"input":[{"type":"additional_tools","role":"developer","tools":[]},{"role":"user","content":"hi"}]})"));
    CHECK_FALSE(told(R"({"tools":[],"input":[{"role":"user","content":"additional_tools"}]})"));
    CHECK_FALSE(told(R"({"input":"additional_tools"})"));
}

TEST_CASE("the model asked for, then the default, else advice") {
    const auto body = [](const Settings& settings, std::string_view model) {
        const auto answer =
            prepare(settings, {.dialect = "responses", .model = model, .body = R"({"input":[]})"});
        const auto* refused = std::get_if<Refused>(&answer);
        return refused != nullptr ? refused->message : std::get<Prepared>(answer).body;
    };
    CHECK(body({.model = "d"}, "m").find("\"model\":\"m\"") != std::string::npos);
    CHECK(body({.model = "d"}, "").find("\"model\":\"d\"") != std::string::npos);
    const auto advice = body({.provider = "work"}, "");
    CHECK(advice.find("-m MODEL") != std::string::npos);
    CHECK(advice.find("[providers.work]") != std::string::npos);
}

TEST_CASE("other dialects are refused") {
    CHECK(std::holds_alternative<Refused>(
        prepare({.model = "m"}, {.dialect = "chat_completions", .body = R"({"messages":[]})"})));
}

TEST_CASE("options") {
    const auto originator = [](std::string_view options) {
        return read_settings({.provider = "codex", .options = options}).originator;
    };
    CHECK(originator("{}") == "handover");
    CHECK(originator(R"({"originator":"my tool"})") == "my tool");
    for (const auto* bad : {"[]",
                            "x",
                            R"({"originator":""})",
                            R"({"originator":1})",
                            R"({"originator":"a\nb"})",
                            R"({"originator":"ä"})"}) {
        CAPTURE(bad);
        CHECK_THROWS(originator(bad));
    }
}
