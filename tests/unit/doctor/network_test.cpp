#include "doctor/network.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <barrier>

namespace handover::doctor {
namespace {

using namespace std::chrono_literals;

http::Outcome answered(int status) {
    return {.delivery = http::Delivery::answered, .response = {.status = status}};
}

}  // namespace

TEST_CASE("one question to each origin, whatever it is used for") {
    providers::Provider codex;
    codex.name = "codex";
    codex.base_url = "https://models.example.com/v1";
    codex.hosts = {"https://files.example.com"};
    auth::Method login;
    login.id = "login";
    login.kind = auth::Kind::oauth2;
    login.issuer = "https://auth.example.com";
    login.endpoints.token_endpoint = "https://auth.example.com:443/token";
    auth::Method key;
    key.id = "key";
    key.kind = auth::Kind::api_key;
    codex.methods = {login, key};
    auto second = codex;
    second.name = "second";
    second.auth_method = "key";

    const auto endpoints = endpoints_of({codex, second});
    REQUIRE(endpoints.size() == 3);
    CHECK(endpoints[0].url == "https://models.example.com/v1");
    CHECK(endpoints[0].used_for ==
          std::vector<std::string>{"requests of codex", "requests of second"});
    CHECK(endpoints[1].origin == "https://files.example.com");
    CHECK(endpoints[2].url == "https://auth.example.com");
    CHECK(endpoints[2].used_for == std::vector<std::string>{"logins of codex"});
    CHECK(endpoints_of({}).empty());
}

TEST_CASE("all are asked at a time, without a credential") {
    std::barrier together(3);
    std::atomic<int> clean = 0;
    const auto send =
        [&](const http::Request& request, const http::Limits& limits, std::stop_token) {
            together.arrive_and_wait();
            if (request.method == "HEAD" && request.credentials.empty() &&
                request.headers.empty() && request.secret_body.empty() && limits.total <= 10s)
                ++clean;
            return answered(404);
        };
    const auto clock = [] { return Time(); };
    const auto answers =
        ask({{.url = "http://a"}, {.url = "http://b"}, {.url = "http://c"}}, send, clock, {});
    CHECK(clean == 3);
    REQUIRE(answers.size() == 3);
    CHECK(answers[2].endpoint.url == "http://c");
}

TEST_CASE("what an answer says") {
    struct Case {
        int status;
        State state;
    };
    const Case cases[] = {{200, State::ok},
                          {401, State::ok},
                          {404, State::ok},
                          {407, State::problem},
                          {500, State::ok},
                          {502, State::warning},
                          {504, State::warning}};
    for (const auto& c : cases) {
        INFO(c.status);
        CHECK(judge_answer({.outcome = answered(c.status)}).state == c.state);
    }
    const auto none =
        judge_answer({.endpoint = {.used_for = {"requests of x"}},
                      .outcome = {.error = {.message = "refused", .fix = "start it"}}});
    CHECK(none.state == State::problem);
    CHECK(none.code == Errc::provider_unavailable);
    CHECK(none.measured == "no answer (requests of x): refused");
    CHECK(none.fix == "start it");
    CHECK(skews_of({{.outcome = {}}, {.outcome = answered(200)}}).empty());
}

TEST_CASE("ports of a login") {
    CHECK(judge_ports({}).state == State::skipped);
    CHECK(judge_ports({{.uri = "a", .trouble = "taken"}, {.uri = "b"}}).state == State::ok);
    const auto none =
        judge_ports({{.uri = "a", .trouble = "taken"}, {.uri = "b", .trouble = "taken"}});
    CHECK(none.state == State::problem);
    CHECK(none.code == Errc::auth_port_busy);
    CHECK(none.measured == "a cannot be had: taken; b cannot be had: taken");

    const auto free = measure_ports({"http://127.0.0.1:0/callback", "http://example.com/"});
    REQUIRE(free.size() == 2);
    CHECK(free[0].trouble.empty());
    CHECK(!free[1].trouble.empty());
}

}  // namespace handover::doctor
