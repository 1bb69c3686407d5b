#include "run/outgoing_request.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using run::outgoing_request;

namespace {

providers::Provider provider() {
    providers::Provider made;
    made.name = "mine";
    made.plugin = "openai";
    made.base_url = "https://api.example.com/v1";
    made.hosts = {"https://files.example.com"};
    return made;
}

std::vector<http::SecretHeader> bearer() {
    std::vector<http::SecretHeader> credentials;
    credentials.push_back({.name = "Authorization", .value = Secret("Bearer sandbox-token")});
    credentials.push_back({.name = "X-Account", .value = Secret("sandbox-account")});
    return credentials;
}

Result<http::Request> sent_to(const providers::Provider& from,
                              const plugins::PreparedRequest& prepared) {
    const auto target = std::make_shared<const auth::Target>(from.target());
    return outgoing_request(
        from, run::destination_of(from, target), prepared, prepared.body, bearer());
}

http::Request made(const providers::Provider& from, const plugins::PreparedRequest& prepared) {
    auto request = sent_to(from, prepared);
    REQUIRE(request);
    return *std::move(request);
}

}  // namespace

TEST_CASE("what the host owns, whoever asks") {
    for (const auto* name : {"Host",
                             "host",
                             "CONNECTION",
                             "content-length",
                             "Transfer-Encoding",
                             "TE",
                             "trailer",
                             "Upgrade",
                             "Expect",
                             "Cookie",
                             "Authorization",
                             "Accept-Encoding",
                             "Proxy-Authorization",
                             "proxy-anything"})
        CHECK(run::is_host_header(name));
    for (const auto* name : {"", "Proxy", "X-Host", "Hos", "Accept", "api-key", "Content-Type"})
        CHECK_FALSE(run::is_host_header(name));
}

TEST_CASE("the config's headers replace the plugin's, the credential stands apart") {
    auto from = provider();
    from.headers = {{"x-team", "blue"}, {"X-ACCOUNT", "forged"}, {"Authorization", "forged"}};
    const auto request = made(
        from,
        {.path = "/responses",
         .headers = {{"X-Team", "red"}, {"x-account", "forged"}, {"Cookie", "a=b"}, {"X-Own", "1"}},
         .body = "{}",
         .upstream_streams = true});
    CHECK(request.method == "POST");
    CHECK(request.url == "https://api.example.com/v1/responses");
    CHECK(request.headers == std::vector<http::Header>{{"X-Own", "1"},
                                                       {"x-team", "blue"},
                                                       {"Content-Type", "application/json"},
                                                       {"Accept", "text/event-stream"}});
    REQUIRE(request.credentials.size() == 2);
    CHECK(request.credentials[0].name == "Authorization");
    CHECK(request.credentials[0].value.reveal() == "Bearer sandbox-token");
}

TEST_CASE("what a request needs is added where it is missing") {
    const auto get = made(provider(), {.method = "GET", .path = "/models"});
    CHECK(get.headers == std::vector<http::Header>{{"Accept", "application/json"}});
    const auto named = made(provider(),
                            {.path = "/x",
                             .headers = {{"content-type", "text/plain"}, {"ACCEPT", "*/*"}},
                             .body = "b"});
    CHECK(named.headers ==
          std::vector<http::Header>{{"content-type", "text/plain"}, {"ACCEPT", "*/*"}});
}

TEST_CASE("one of the manifest's hosts, and none beyond them") {
    CHECK(made(provider(), {.path = "/x", .host = 0U}).url == "https://files.example.com/x");
    const auto beyond = sent_to(provider(), {.path = "/x", .host = 1U});
    REQUIRE_FALSE(beyond);
    CHECK(beyond.error().code == Errc::plugin_failed);
}

TEST_CASE("a URL that cannot be is refused before anything is attached") {
    auto plain = provider();
    plain.base_url = "http://models.lan/v1";
    const auto refused = sent_to(plain, {.path = "/x"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::config_invalid);
    plain.allow_http = true;
    CHECK(made(plain, {.path = "/x"}).url == "http://models.lan/v1/x");
}
