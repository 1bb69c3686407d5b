#include "run/prompt_body.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using handover::run::Prompt;
using handover::run::prompt_body;
namespace json = boost::json;

namespace {

void check_body(std::string_view dialect, const Prompt& prompt, const char* expected) {
    CHECK(json::parse(prompt_body(dialect, prompt, "m-1")) == json::parse(expected));
}

}  // namespace

TEST_CASE("a prompt as a Responses body: nothing is kept at the service") {
    check_body("responses", {.text = "hi"}, R"({"model": "m-1", "stream": true, "store": false,
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}]})");
    check_body("responses",
               {.text = "hi", .instructions = "be brief", .stream = false},
               R"({"model": "m-1", "stream": false, "store": false, "instructions": "be brief",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}]})");
}

TEST_CASE("a prompt as a Chat Completions body: usage is asked for where it streams") {
    check_body("chat_completions", {.text = "hi"}, R"({"model": "m-1", "stream": true,
        "stream_options": {"include_usage": true}, "messages": [{"role": "user", "content": "hi"}]})");
    check_body("chat_completions",
               {.text = "hi", .instructions = "be brief", .stream = false},
               R"({"model": "m-1", "stream": false,
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]})");
}

TEST_CASE("text arrives as it was typed") {
    const std::string odd = "\"quotes\" \\ \n\t \x01 \xf0\x9f\x98\x80";
    const auto body = json::parse(prompt_body("chat_completions", {.text = odd}, "m"));
    CHECK(body.at("messages").at(0).at("content") == odd.c_str());
}
