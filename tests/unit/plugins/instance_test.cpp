#include <catch2/catch.hpp>

#include "files.hpp"
#include "plugins/plugin.hpp"

using namespace handover;
using namespace handover::plugins;
using namespace handover::plugins::testing;

namespace {

Instance instance_of(const std::string& plugin) {
    const auto loaded =
        Plugin::load(built(plugin), {.trial_results = {}, .self = {}, .image_copies = {}});
    REQUIRE(loaded);
    auto instance = (*loaded)->create({.provider = "mine",
                                       .base_url = "https://models.example.com/v1",
                                       .model = "m-1",
                                       .options = R"({"a":1})"});
    REQUIRE(instance);
    return *std::move(instance);
}

ClientRequest asking(const std::string& model) {
    return {.dialect = "responses",
            .model = model,
            .body = R"({"input":"hi"})",
            .session = "s-1",
            .stream = true};
}

const std::vector<std::string> attached = {"Authorization", "X-Account"};

}  // namespace

TEST_CASE("what a plugin prepares reaches the host, and what it was given reached it") {
    const auto prepared = instance_of("good").prepare(asking("m"), attached);
    REQUIRE(prepared);
    CHECK(prepared->method == "GET");
    CHECK(prepared->path == "/responses?q=1");
    CHECK(prepared->host == 0U);
    CHECK(prepared->headers ==
          std::vector<http::Header>{
              {"X-Config", "mine|https://models.example.com/v1|m-1|{\"a\":1}|" HANDOVER_VERSION},
              {"X-Session", "s-1"}});
    CHECK(prepared->body == R"(made of {"input":"hi"})");
    CHECK_FALSE(prepared->forwards_body);
    CHECK_FALSE(prepared->upstream_streams);
}

TEST_CASE("the client's body is forwarded untouched") {
    const auto prepared = instance_of("good").prepare(asking("forward"), attached);
    REQUIRE(prepared);
    CHECK(prepared->method == "POST");
    CHECK(prepared->forwards_body);
    CHECK(prepared->body.empty());
    CHECK(prepared->upstream_streams);  // as the client asked
    CHECK_FALSE(prepared->host);
}

TEST_CASE("a refusal is the request's fault, an exception the plugin's") {
    const auto instance = instance_of("good");
    const auto refused = instance.prepare(asking("refuse"), attached);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::provider_rejected);
    CHECK(refused.error().reason.find('\x1b') == std::string::npos);
    const auto threw = instance.prepare(asking("throw"), attached);
    REQUIRE_FALSE(threw);
    CHECK(threw.error().code == Errc::plugin_failed);
    CHECK(threw.error().reason == "thrown by prepare");
    CHECK(instance.prepare(asking("throw odd"), attached).error().code == Errc::plugin_failed);
}

TEST_CASE("an instance that cannot be made says why") {
    const auto loaded =
        Plugin::load(built("create_fails"), {.trial_results = {}, .self = {}, .image_copies = {}});
    REQUIRE(loaded);
    const auto instance =
        (*loaded)->create({.provider = "mine", .base_url = "", .model = "", .options = "{}"});
    REQUIRE_FALSE(instance);
    CHECK(instance.error().code == Errc::plugin_failed);
    CHECK(instance.error().reason == "no luck with mine");
}

TEST_CASE("a plugin that tries to send the credential elsewhere is refused") {
    const auto instance = instance_of("hostile");
    CHECK(instance.prepare(asking("fine"), attached));
    CHECK(instance.prepare(asking("host 0"), attached));
    for (const auto* trick : {"path https://evil.example/",
                              "path //evil.example/",
                              "path /\\evil.example/",
                              "path /%2e%2e/admin",
                              "path /..%2f..%2fadmin",
                              "path @evil.example/",
                              "path .evil.example/",
                              "path /a\tb",
                              "path /a\r\nHost: evil.example",
                              "path /#",
                              "path ",
                              "host 1",
                              "host 4294967295",
                              "header Host:evil.example",
                              "header authorization:Bearer sandbox-x",
                              "header x-account:other",
                              "header Proxy-Authorization:x",
                              "header X-A:b\r\nHost: evil.example",
                              "header Cookie:a=b",
                              "method CONNECT",
                              "method POST https://evil.example HTTP/1.1\r\n",
                              "flood"}) {
        INFO(trick);
        const auto prepared = instance.prepare(asking(trick), attached);
        REQUIRE_FALSE(prepared);
        CHECK(prepared.error().code == Errc::plugin_failed);
        CHECK(prepared.error().reason.find('\n') == std::string::npos);
    }
}

TEST_CASE("what a failed answer means") {
    const auto instance = instance_of("good");
    const Time now{std::chrono::seconds(1'700'000'000)};
    const auto answer = instance.classify(
        {.status = 429, .headers = {{"X-Reason", "window"}}, .body = "slow\x1b[31m down"}, now);
    CHECK(answer.verdict == Verdict::rate_limited);
    CHECK(answer.until == now + std::chrono::seconds(5));
    CHECK(answer.message.starts_with("window: slow"));
    CHECK(answer.message.find('\x1b') == std::string::npos);

    const auto threw = instance.classify({.status = 500, .headers = {}, .body = ""}, now);
    CHECK(threw.verdict == Verdict::other);
    const auto nonsense = instance.classify({.status = 501, .headers = {}, .body = ""}, now);
    CHECK(nonsense.verdict == Verdict::other);
    CHECK_FALSE(nonsense.until);
}

TEST_CASE("limits of any answer, checked") {
    using std::chrono::seconds;
    const auto instance = instance_of("good");
    const Time now = Time(seconds(1'800'000'000));
    CHECK(instance.read_limits({}, now).empty());
    CHECK(instance.read_limits({{"primary", "123"}, {"secondary", ""}}, now) ==
          std::vector<LimitWindow>{{.name = "primary",
                                    .used_percent = 12.5,
                                    .limit = 8,
                                    .remaining = 3,
                                    .length = seconds(60),
                                    .resets_at = now + seconds(30)},
                                   {.name = "secondary",
                                    .used_percent = 12.5,
                                    .limit = 8,
                                    .remaining = 0,
                                    .length = seconds(60),
                                    .resets_at = now + seconds(30)}});
    CHECK(instance.read_limits({{"x-throw", ""}}, now).empty());
    CHECK(instance.read_limits({{"x-many", ""}}, now).size() == 32);
    CHECK(instance.read_limits({{"x-odd", ""}}, now) ==
          std::vector<LimitWindow>{{.name = "over full", .used_percent = 100.0},
                                   {.name = "twice", .limit = 2}});
}

TEST_CASE("the request for a list of models, checked as any other") {
    const auto instance = instance_of("good");
    REQUIRE(instance.lists_models());
    const auto prepared = instance.prepare_models(attached);
    REQUIRE(prepared);
    CHECK(prepared->method == "GET");
    CHECK(prepared->path == "/models?of=a+test");
    CHECK(prepared->host == 0U);
    CHECK(prepared->body.empty());
    CHECK_FALSE(prepared->upstream_streams);
    CHECK(prepared->headers.size() == 1);
    const auto owned = instance.prepare_models({"x-list"});
    REQUIRE_FALSE(owned);
    CHECK(owned.error().code == Errc::plugin_failed);
}

TEST_CASE("a list of models, checked") {
    const auto instance = instance_of("good");
    const auto one = instance.read_models("m/1:free");
    REQUIRE(one);
    CHECK(*one == std::vector<Model>{{.id = "m/1:free",
                                      .display_name = "A model",
                                      .owner = "somebody",
                                      .context_window = 8192,
                                      .created = Time(std::chrono::seconds(1'800'000'000))}});
    const auto odd = instance.read_models("odd");
    REQUIRE(odd);
    REQUIRE(odd->size() == 2);
    CHECK(odd->at(0).id == "fine");
    CHECK(odd->at(0).display_name == "over full");
    CHECK(odd->at(0).owner.size() < 300);
    CHECK_FALSE(odd->at(0).context_window);
    CHECK_FALSE(odd->at(0).created);
    CHECK(odd->at(1) == Model{.id = "big"});
    CHECK(instance.read_models("many")->size() == 10'000);
    const auto threw = instance.read_models("throw");
    REQUIRE_FALSE(threw);
    CHECK(threw.error().code == Errc::plugin_failed);
    CHECK(threw.error().reason == "thrown by models");
}

TEST_CASE("a plugin without the extension lists no models") {
    CHECK_FALSE(instance_of("hostile").lists_models());
}

TEST_CASE("a plugin without the extension says nothing of limits") {
    CHECK(
        instance_of("hostile").read_limits({{"x-ratelimit-limit-requests", "5"}}, Time()).empty());
}
