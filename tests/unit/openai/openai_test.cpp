#include "openai/openai.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace handover::openai;
using handover::sdk::Header;
using handover::sdk::Prepared;
using handover::sdk::Refused;
using handover::sdk::Request;

namespace {

Prepared prepared(const Settings& settings, const Request& request) {
    const auto answer = prepare(settings, request);
    REQUIRE(std::holds_alternative<Prepared>(answer));
    return std::get<Prepared>(answer);
}

bool has(const Prepared& p, const Header& header) {
    return std::find(p.headers.begin(), p.headers.end(), header) != p.headers.end();
}

}  // namespace

TEST_CASE("a body that needs no change goes on untouched") {
    const auto p = prepared({}, {.dialect = "responses", .model = "m", .body = R"({"model":"m"})"});
    CHECK(p.use_request_body);
    CHECK(p.body.empty());
    CHECK(p.method == "POST");
    CHECK(p.path == "/responses");
    CHECK_FALSE(p.upstream_streams);
}

TEST_CASE("the model asked for, then the default, then none") {
    const auto body = [](const Settings& settings, std::string_view model, std::string_view text) {
        const auto p =
            prepared(settings, {.dialect = "chat_completions", .model = model, .body = text});
        return p.use_request_body ? std::string("untouched") : p.body;
    };
    CHECK(body({}, "m", R"({"model":"prefix/m"})") == R"({"model":"m"})");
    CHECK(body({.model = "d"}, "", "{}") == R"({"model":"d"})");
    CHECK(body({.model = "d"}, "m", R"({"model":"m"})") == "untouched");
    CHECK(body({}, "", "{}") == "untouched");
}

TEST_CASE("paths and headers") {
    const auto p = prepared({.organization = "org", .project = "proj", .user_agent = "handover/1"},
                            {.dialect = "chat_completions", .body = "{}", .stream = true});
    CHECK(p.path == "/chat/completions");
    CHECK(has(p, {"OpenAI-Organization", "org"}));
    CHECK(has(p, {"OpenAI-Project", "proj"}));
    CHECK(has(p, {"Accept", "text/event-stream"}));
    CHECK(has(p, {"User-Agent", "handover/1"}));
    CHECK(prepared({}, {.dialect = "embeddings", .body = "{}"}).path == "/embeddings");
    const auto plain = prepared({}, {.dialect = "responses", .body = "{}"});
    CHECK(has(plain, {"Accept", "application/json"}));
    CHECK(plain.headers.size() == 3);
}

TEST_CASE("a dialect it does not speak") {
    const auto answer = prepare({}, {.dialect = "messages", .body = "{}"});
    REQUIRE(std::holds_alternative<Refused>(answer));
    CHECK(std::get<Refused>(answer).message.find("messages") != std::string::npos);
}

TEST_CASE("options") {
    const auto settings = read_settings({.provider = "p",
                                         .model = "m",
                                         .options = R"({"organization":"o","project":""})",
                                         .version = "1.2"});
    CHECK(settings.model == "m");
    CHECK(settings.organization == "o");
    CHECK(settings.project.empty());
    CHECK(settings.user_agent == "handover/1.2");
    CHECK_THROWS(read_settings({.options = R"({"project":1})"}));
    CHECK_THROWS(read_settings({.options = "[]"}));
    CHECK_THROWS(read_settings({.options = "x"}));
}
