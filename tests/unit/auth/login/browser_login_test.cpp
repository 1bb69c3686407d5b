// Whole logins: a real broker and store, a real listener, a thread that plays the browser, and an
// authority behind `Send`.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "auth/file_store.hpp"
#include "auth/login/login.hpp"
#include "loopback_client.hpp"
#include "text/encoding.hpp"

using namespace handover;
using namespace handover::auth;
using namespace handover::tests;
using namespace std::chrono_literals;

namespace {

std::string parameter(const std::string& url, const std::string& name) {
    const auto parameters = text::form_decode(url.substr(url.find('?') + 1)).value();
    for (const auto& [key, value] : parameters) {
        if (key == name) return value;
    }
    return {};
}

// What the authority answers to the code, and what the browser brings back.
struct World {
    World() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "handover-login-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        services.store = open_file_store({.folder = folder + "/credentials", .fault = {}});
        services.clock = [] { return std::chrono::system_clock::now(); };
        services.environment = [](const std::string&) { return std::optional<std::string>(); };
        services.cache_dir = folder + "/cache";
        services.send = [this](const http::Request& request, const http::Limits&, std::stop_token) {
            http::Outcome outcome;
            outcome.delivery = http::Delivery::answered;
            if (request.url == "http://127.0.0.1:1/authorize") {  // a look whether it is there
                outcome.response.status = 400;
                return outcome;
            }
            ++requests;
            sent = request.secret_body.reveal();
            outcome.response.status = status;
            outcome.response.body = body();
            return outcome;
        };
        method.id = "subscription";
        method.kind = Kind::oauth2;
        method.billing = Billing::subscription;
        method.issuer = "http://127.0.0.1:1";
        method.discovery = Discovery::never;
        method.endpoints.authorization_endpoint = "http://127.0.0.1:1/authorize";
        method.endpoints.token_endpoint = "http://127.0.0.1:1/token";
        method.client_id = "app";
        method.scopes = {"openid", "offline_access"};
        method.redirect_uris = {"http://localhost:0/auth/callback"};
        target.provider = "example";
        target.methods = {method};
        target.origins = {"http://127.0.0.1:2"};
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() { std::filesystem::remove_all(folder); }

    std::string folder;
    Services services = {};
    Method method = {};
    Target target = {};
    std::string nonce = {};  // of the authorization request, echoed in the ID token
    std::string issuer = "http://127.0.0.1:1";
    int status = 200;
    int requests = 0;
    std::string sent = {};
    std::string url = {};
    std::string page = {};
    std::string answer = "code=sandbox-code-1";
    std::jthread browser = {};

    std::string body() const {
        if (status != 200) return R"({"error":"invalid_grant"})";
        const auto payload =
            R"({"iss":")" + issuer + R"(","aud":"app","exp":4000000000,"nonce":")" + nonce + "\"}";
        const auto id_token = text::base64url_encode(R"({"alg":"RS256"})") + "." +
                              text::base64url_encode(payload) + ".c2ln";
        return R"({"access_token":"sandbox-access","refresh_token":"sandbox-refresh","token_type":"bearer","expires_in":3600,)"
               R"("id_token":")" +
               id_token + "\"}";
    }

    void open(const std::string& shown) {
        url = shown;
        nonce = parameter(url, "nonce");
        const auto redirect_uri = parameter(url, "redirect_uri");
        const auto port = static_cast<unsigned>(std::stoul(redirect_uri.substr(17)));
        const auto authority = "localhost:" + std::to_string(port);
        browser = std::jthread([this, port, authority] {
            const auto scanner = connect_v4(port);
            say(scanner, get("/cancel", authority));
            const auto socket = connect_v4(port);
            say(socket,
                get("/auth/callback?" + answer + "&state=" + parameter(url, "state"), authority));
            page = hear(socket);
        });
    }

    Result<Credential> login() {
        Broker broker(services);
        const LoginConsole console = {.say = [](const std::string&) {},
                                      .show_url = [this](const std::string& shown) { open(shown); },
                                      .paste_fd = -1,
                                      .terminal = false};
        LoginRequest request;
        request.open_browser = false;
        request.timeout = 60s;
        auto result = login_with_browser({.broker = broker,
                                          .services = services,
                                          .target = target,
                                          .method = method,
                                          .request = request,
                                          .console = console});
        if (browser.joinable()) browser.join();
        return result;
    }

    std::optional<Credential> stored() {
        return services.store->load({.provider = "example", .account = "default"}).value();
    }
};

}  // namespace

TEST_CASE("login: from the URL to the stored credential and the page") {
    World world;
    const auto credential = world.login();
    REQUIRE(credential);
    CHECK(parameter(world.url, "code_challenge_method") == "S256");
    CHECK(parameter(world.url, "state").size() == 43);
    CHECK(world.nonce.size() == 43);
    CHECK(world.sent.find("code=sandbox-code-1&") != std::string::npos);
    CHECK(world.sent.find("redirect_uri=" + text::percent_encode(parameter(
                                                world.url, "redirect_uri"))) != std::string::npos);
    CHECK(world.requests == 1);
    CHECK(world.page.starts_with("HTTP/1.1 200 OK"));
    CHECK(world.page.find("sandbox-") == std::string::npos);
    const auto stored = world.stored();
    REQUIRE(stored);
    CHECK(stored->access_token.reveal() == "sandbox-access");
    CHECK(stored->refresh_token.reveal() == "sandbox-refresh");
    CHECK(stored->issuer == world.method.issuer);
    CHECK(stored->token_endpoint == *world.method.endpoints.token_endpoint);
    CHECK(stored->origins == world.target.origins);
    CHECK(stored->scopes == world.method.scopes);
    CHECK(stored->expires_at);
}

TEST_CASE("login: one that fails leaves the old credential, and the browser learns why") {
    World world;
    REQUIRE(world.login());
    const auto before = world.stored()->generation;
    Errc code = Errc::internal;
    SECTION("denied") {
        world.answer = "error=access_denied&error_description=%3Cno%3E";
        code = Errc::auth_denied;
    }
    SECTION("no code") {
        world.answer = "x=y";
        code = Errc::auth_callback_invalid;
    }
    SECTION("the code is refused") {
        world.status = 400;
        code = Errc::auth_token_exchange_failed;
    }
    SECTION("another issuer's ID token") {
        world.issuer = "http://127.0.0.1:9";
        code = Errc::auth_id_token_invalid;
    }
    const auto failed = world.login();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == code);
    CHECK(world.page.starts_with("HTTP/1.1 400"));
    CHECK(world.page.find(std::string(code_name(code))) != std::string::npos);
    CHECK(world.page.find("<no>") == std::string::npos);
    CHECK(world.stored()->generation == before);
    CHECK(world.stored()->access_token.reveal() == "sandbox-access");
}

TEST_CASE(
    "login: a token endpoint that is gone fails this login; the next begins with the other "
    "source") {
    World world;
    world.method.discovery = Discovery::fallback;
    world.status = 404;
    const auto failed = world.login();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Errc::auth_token_exchange_failed);
    CHECK(failed.error().fix.find("run the login again") != std::string::npos);
    CHECK(world.requests == 1);
    world.status = 200;
    world.url.clear();
    (void)world.login();
    CHECK(world.requests > 2);  // discovery was asked first this time
}

TEST_CASE("login: nothing is shown where it could not end well") {
    World world;
    SECTION("a clock of the past") {
        world.services.clock = [] { return Time(1'700'000'000s); };
    }
    SECTION("another kind of method") {
        world.method.kind = Kind::api_key;
    }
    SECTION("no client id") {
        world.method.client_id.clear();
    }
    SECTION("a parameter of the host's") {
        world.method.authorize_params = {{"state", "x"}};
    }
    SECTION("an endpoint in the clear") {
        world.method.endpoints.authorization_endpoint = "http://auth.example/authorize";
    }
    CHECK_FALSE(world.login());
    CHECK(world.url.empty());
    CHECK_FALSE(world.stored());
}

TEST_CASE("login with a key") {
    World world;
    Broker broker(world.services);
    Method key_method;
    key_method.id = "api-key";
    key_method.kind = Kind::api_key;
    world.target.methods = {key_method};
    const auto now = std::chrono::system_clock::now();
    const auto with = [&](std::string key) {
        return login_with_api_key(broker, world.target, key_method, Secret(std::move(key)), now);
    };
    for (const auto* bad : {"", " \n", "two\nlines", "tab\there", "hok_sandbox", "  hok_sandbox"}) {
        CAPTURE(bad);
        CHECK_FALSE(with(bad));
    }
    CHECK_FALSE(world.stored());
    REQUIRE(with(" \tsandbox-key\r\n"));
    CHECK(world.stored()->api_key.reveal() == "sandbox-key");
    CHECK(world.stored()->method == "api-key");
    CHECK_FALSE(login_with_api_key(broker, world.target, world.method, Secret("sandbox-key"), now));
}
