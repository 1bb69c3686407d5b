// Whole device logins: a real broker and store, an authority behind `Send`, and a clock that the
// waits move.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <deque>
#include <filesystem>

#include "auth/file_store.hpp"
#include "auth/login/device_login.hpp"
#include "auth/login/login.hpp"
#include "text/encoding.hpp"

using namespace handover;
using namespace handover::auth;
using namespace std::chrono_literals;

namespace {

const std::string issuer = "http://127.0.0.1:1";

http::Outcome answered(int status, std::string body) {
    return {.delivery = http::Delivery::answered,
            .response = {.status = status, .headers = {}, .body = std::move(body)},
            .error = {}};
}

http::Outcome error(const std::string& code) {
    return answered(400, R"({"error":")" + code + "\"}");
}

http::Outcome unreachable() {
    return {.delivery = http::Delivery::not_sent, .response = {}, .error = {.message = "no route"}};
}

std::string token_body(const std::string& iss = issuer) {
    const auto payload = R"({"iss":")" + iss + R"(","aud":"app","exp":4000000000})";
    return R"({"access_token":"sandbox-access","refresh_token":"sandbox-refresh",)"
           R"("token_type":"bearer","expires_in":3600,"id_token":")" +
           text::base64url_encode(R"({"alg":"RS256"})") + "." + text::base64url_encode(payload) +
           ".c2ln\"}";
}

struct World {
    World() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "handover-device-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        services.store = open_file_store({.folder = folder + "/credentials", .fault = {}});
        services.clock = [] { return std::chrono::system_clock::now(); };
        services.environment = [](const std::string&) { return std::optional<std::string>(); };
        services.send = [this](const http::Request& request, const http::Limits&, std::stop_token) {
            return answer(request);
        };
        method.id = "login";
        method.kind = Kind::oauth2;
        method.issuer = issuer;
        method.discovery = Discovery::never;
        method.endpoints.token_endpoint = issuer + "/token";
        method.endpoints.device_authorization_endpoint = issuer + "/device";
        method.client_id = "app";
        method.scopes = {"openid"};
        target.provider = "example";
        target.origins = {"http://127.0.0.1:2"};
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() { std::filesystem::remove_all(folder); }

    void use_codex_flow() {
        method.device_flow = DeviceFlow::codex;
        method.endpoints.device_token_endpoint = issuer + "/device/token";
        method.endpoints.verification_uri = issuer + "/page";
    }

    http::Outcome answer(const http::Request& request) {
        requests.push_back({request.url, std::string(request.secret_body.reveal())});
        const auto path = request.url.substr(issuer.size());
        if (path == "/device") return device;
        if (path == "/token" && method.device_flow == DeviceFlow::codex)
            return answered(200, token_body());
        if (stop_at_poll) stopping.request_stop();
        auto next = polls.front();
        if (polls.size() > 1) polls.pop_front();
        return next;
    }

    Result<Credential> login() {
        Broker broker(services);
        target.methods = {method};
        const LoginConsole console = {
            .say = [this](const std::string& line) { said += line + "\n"; },
            .show_url = [this](const std::string& url) { urls.push_back(url); },
            .show_qr_code = [this](const std::string& url) { picture = url; },
            .paste_fd = -1,
            .terminal = false};
        return login_with_device_code({.broker = broker,
                                       .services = services,
                                       .target = target,
                                       .method = method,
                                       .request = options,
                                       .console = console,
                                       .stop = stopping.get_token()},
                                      [this](Milliseconds pause, const std::stop_token& stop) {
                                          waits.push_back(pause);
                                          return !stop.stop_requested();
                                      });
    }

    std::optional<Credential> stored() {
        return services.store->load({.provider = "example", .account = "default"}).value();
    }

    struct Sent {
        std::string url = {};
        std::string body = {};
    };

    std::string folder;
    Services services = {};
    Method method = {};
    Target target = {};
    LoginRequest options = {};
    std::stop_source stopping = {};
    bool stop_at_poll = false;
    http::Outcome device = answered(
        200,
        R"({"device_code":"sandbox-device","user_code":"ABCD-EFGH","device_auth_id":"sandbox-device",)"
        R"("verification_uri":"http://127.0.0.1:1/page","verification_uri_complete":)"
        R"("http://127.0.0.1:1/page?c=ABCD-EFGH","expires_in":60,"interval":"5"})");
    std::deque<http::Outcome> polls = {answered(200, token_body())};
    std::vector<Sent> requests = {};
    std::vector<Milliseconds> waits = {};
    std::vector<std::string> urls = {};
    std::string said = {};
    std::string picture = {};
};

}  // namespace

TEST_CASE("device login, RFC 8628: from the code to the stored credential") {
    World world;
    world.polls = {error("authorization_pending"),
                   error("slow_down"),
                   unreachable(),
                   error("authorization_pending"),
                   answered(200, token_body())};
    const auto credential = world.login();
    REQUIRE(credential);
    CHECK(world.waits == std::vector<Milliseconds>{5s, 5s, 10s, 20s, 10s});
    CHECK(world.urls == std::vector<std::string>{issuer + "/page", issuer + "/page?c=ABCD-EFGH"});
    CHECK(world.picture == issuer + "/page?c=ABCD-EFGH");
    CHECK_THAT(world.said, Catch::Contains("  ABCD-EFGH\n"));
    CHECK_THAT(world.said, !Catch::Contains("sandbox-device"));
    const auto stored = world.stored();
    REQUIRE(stored);
    CHECK(stored->access_token.reveal() == "sandbox-access");
    CHECK(stored->issuer == issuer);
    CHECK(stored->client_id == "app");
    CHECK(stored->token_endpoint == issuer + "/token");
    CHECK(stored->origins == world.target.origins);
}

TEST_CASE("device login, codex: the code is exchanged with the verifier that came with it") {
    World world;
    world.use_codex_flow();
    world.polls = {
        answered(403, "Not yet."),
        answered(404, "Not yet."),
        answered(
            200,
            R"({"authorization_code":"sandbox-code","code_challenge":"x","code_verifier":"v"})")};
    REQUIRE(world.login());
    CHECK(world.waits == std::vector<Milliseconds>{5s, 5s, 5s});
    CHECK(world.urls == std::vector<std::string>{issuer + "/page"});
    CHECK(world.picture == issuer + "/page");
    REQUIRE(world.requests.size() == 5);
    CHECK(world.requests.back().url == issuer + "/token");
    CHECK_THAT(world.requests.back().body, Catch::Contains("deviceauth%2Fcallback"));
    CHECK(world.stored());
}

TEST_CASE("device login: how it fails") {
    World world;
    Errc code = Errc::internal;
    SECTION("denied") {
        world.polls = {error("access_denied")};
        code = Errc::auth_denied;
    }
    SECTION("expired, says the server") {
        world.polls = {error("expired_token")};
        code = Errc::auth_timeout;
    }
    SECTION("expired, by our own clock") {
        world.polls = {error("authorization_pending")};
        code = Errc::auth_timeout;
    }
    SECTION("nobody answers until it expires") {
        world.polls = {unreachable()};
        code = Errc::auth_timeout;
    }
    SECTION("a shorter time-out") {
        world.polls = {error("authorization_pending")};
        world.options.timeout = 7s;
        code = Errc::auth_timeout;
    }
    SECTION("stopped while waiting") {
        world.stopping.request_stop();
        code = Errc::auth_cancelled;
    }
    SECTION("stopped while asking") {
        world.stop_at_poll = true;
        world.polls = {unreachable()};
        code = Errc::auth_cancelled;
    }
    SECTION("another issuer's ID token") {
        world.polls = {answered(200, token_body("http://127.0.0.1:9"))};
        code = Errc::auth_id_token_invalid;
    }
    SECTION("not offered") {
        world.device = answered(404, "");
        code = Errc::auth_method_unsupported;
    }
    SECTION("no endpoint") {
        world.method.endpoints.device_authorization_endpoint.reset();
        code = Errc::auth_method_unsupported;
    }
    SECTION("codex with half of its endpoints") {
        world.use_codex_flow();
        world.method.endpoints.verification_uri.reset();
        code = Errc::auth_method_unsupported;
    }
    SECTION("a key") {
        world.method.kind = Kind::api_key;
        code = Errc::auth_method_unsupported;
    }
    SECTION("no client id") {
        world.method.client_id.clear();
        code = Errc::config_invalid;
    }
    const auto failed = world.login();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == code);
    CHECK_FALSE(world.stored());
    // Whatever happened: never asked sooner than allowed, nor after the code had expired.
    Milliseconds total = {};
    for (const auto wait : world.waits) total += wait;
    CHECK(total <= 60s);
}

TEST_CASE("device login: a stop after the tokens came does not lose them") {
    World world;
    world.stop_at_poll = true;
    CHECK(world.login());
    CHECK(world.stored());
}

TEST_CASE("device login: endpoints come from one source") {
    World world;
    world.method.discovery = Discovery::first;
    world.method.endpoints = {};
    world.services.send = [&](const http::Request& request, const http::Limits&, std::stop_token) {
        if (request.url.find(".well-known") == std::string::npos) return world.answer(request);
        return answered(200,
                        R"({"issuer":"http://127.0.0.1:1",)"
                        R"("authorization_endpoint":"http://127.0.0.1:1/authorize",)"
                        R"("token_endpoint":"http://127.0.0.1:1/token",)"
                        R"("device_authorization_endpoint":"http://127.0.0.1:1/device"})");
    };
    CHECK(world.login());
    // Metadata know no names for what the codex flow needs besides.
    world.method.device_flow = DeviceFlow::codex;
    const auto failed = world.login();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Errc::auth_method_unsupported);
    CHECK_THAT(failed.error().reason, Catch::Contains("supports: login"));
}

TEST_CASE("waiting ends with the stop") {
    std::stop_source source;
    source.request_stop();
    CHECK_FALSE(wait_for(1h, source.get_token()));
    CHECK(wait_for(1ms, {}));
}
