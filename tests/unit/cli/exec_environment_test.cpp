#include "cli/exec_environment.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace handover;
using namespace handover::cli;

namespace {

ExecValues values() {
    return {.key = Secret("sandbox-key-1"),
            .base_url = "https://models.example.com/v1",
            .claims = {{"account_id", "acc-1"}}};
}

std::string only_value(const std::string& text) {
    const auto changes = exec_environment({"X=" + text}, values());
    REQUIRE(changes);
    REQUIRE(changes->set.size() == 1);
    return std::string(changes->set.front().second.reveal());
}

}  // namespace

TEST_CASE("the usual names, and what belongs to another key goes") {
    const auto changes = exec_environment({}, values());
    REQUIRE(changes);
    REQUIRE(changes->set.size() == 2);
    CHECK(changes->set[0].first == "OPENAI_API_KEY");
    CHECK(changes->set[0].second.reveal() == "sandbox-key-1");
    CHECK(changes->set[1].first == "OPENAI_BASE_URL");
    CHECK(changes->set[1].second.reveal() == "https://models.example.com/v1");
    for (const auto* name : {"OPENAI_API_BASE", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"})
        CHECK(std::count(changes->unset.begin(), changes->unset.end(), name) == 1);
    CHECK(std::count(changes->unset.begin(), changes->unset.end(), "GROQ_API_KEY") == 0);
}

TEST_CASE("names of one's own replace the usual ones, and nothing is unset") {
    const auto changes = exec_environment({"A={key}", "B_2=x"}, values());
    REQUIRE(changes);
    REQUIRE(changes->set.size() == 2);
    CHECK(changes->set[0].first == "A");
    CHECK(changes->set[1].first == "B_2");
    CHECK(changes->unset.empty());
}

TEST_CASE("what a value may hold") {
    struct Case {
        const char* text;
        const char* value;
    };
    const Case cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"{key}", "sandbox-key-1"},
        {"Bearer {key}", "Bearer sandbox-key-1"},
        {"{base_url}/chat={key}", "https://models.example.com/v1/chat=sandbox-key-1"},
        {"{claim:account_id}", "acc-1"},
        {R"({"a": 1})", R"({"a": 1})"},
        {R"({"token": "{key}"})", R"({"token": "sandbox-key-1"})"},
        {"{}", "{}"},
        {"{", "{"},
        {"{key", "{key"},
        {"}{{key}", "}{sandbox-key-1"},
        {"a=b=c", "a=b=c"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.text);
        CHECK(only_value(c.text) == c.value);
    }
}

TEST_CASE("what --env does not take") {
    for (const std::vector<std::string>& bad : {std::vector<std::string>{"NAME"},
                                                {"=x"},
                                                {""},
                                                {"1A=x"},
                                                {"A-B=x"},
                                                {"A B=x"},
                                                {"A={secret}"},
                                                {"A={model}"},  // this one has none
                                                {"A={claim:plan}"},
                                                {"A={claim:}"},
                                                {"A=1", "A=2"}}) {
        CAPTURE(bad);
        const auto changes = exec_environment(bad, values());
        REQUIRE_FALSE(changes);
        CHECK(changes.error().code == Errc::usage);
        CHECK(changes.error().message.find("sandbox-key") == std::string::npos);
    }
}
