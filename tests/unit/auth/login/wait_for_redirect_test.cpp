#include "auth/login/wait_for_redirect.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "loopback_client.hpp"

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::login;
using namespace handover::tests;
using namespace std::chrono_literals;

namespace {

const oauth2::ExpectedCallback expected = {
    .path = "/cb", .state = "right", .issuer = {}, .issuer_promised = false};

struct Scene {
    Scene() : Scene(listen_on_loopback({"http://127.0.0.1:0/cb"}).value()) {}
    explicit Scene(LoopbackSockets sockets)
        : port(sockets.port), server(std::move(sockets), expected) {
        int ends[2] = {};
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        pasted = platform::Descriptor(ends[0]);
        person = platform::Descriptor(ends[1]);
    }

    unsigned port;
    CallbackServer server;
    platform::Descriptor pasted = {};
    platform::Descriptor person = {};
    std::vector<std::string> said = {};
    std::stop_source stop = {};

    Result<oauth2::AuthorizationResponse> wait(std::chrono::milliseconds timeout = 60s,
                                               std::vector<Command> browsers = {}) {
        PasteReader paste(pasted.get());
        BrowserLauncher browser(std::move(browsers), {});
        (void)browser.open_next();
        return wait_for_redirect({.server = server,
                                  .paste = paste,
                                  .browser = browser,
                                  .expected = expected,
                                  .say = [this](const std::string& line) { said.push_back(line); },
                                  .timeout = timeout,
                                  .timeout_without_browser = timeout},
                                 stop.get_token());
    }
    void paste(const std::string& text) const { REQUIRE(platform::write_all(person.get(), text)); }
};

}  // namespace

TEST_CASE("waiting: by the listener") {
    Scene scene;
    const auto browser = connect_v4(scene.port);
    say(browser, get("/cb?code=sandbox-1&state=right", "127.0.0.1:" + std::to_string(scene.port)));
    const auto response = scene.wait();
    REQUIRE(response);
    CHECK(response->code().reveal() == "sandbox-1");
}

TEST_CASE("waiting: pasted, after two that are no good") {
    Scene scene;
    scene.paste(
        "sandbox-bare\nhttp://127.0.0.1/cb?code=c&state=wrong\nhttp://127.0.0.1/"
        "cb?code=sandbox-2&state=right\n");
    const auto response = scene.wait();
    REQUIRE(response);
    CHECK(response->code().reveal() == "sandbox-2");
    REQUIRE(scene.said.size() == 2);
    CHECK(scene.said[0].find("bare code") != std::string::npos);
    CHECK(scene.said[1].find("state") != std::string::npos);
}

TEST_CASE("waiting: an answer of refusal ends it") {
    Scene scene;
    scene.paste("/cb?error=access_denied&state=right\n");
    const auto response = scene.wait();
    REQUIRE_FALSE(response);
    CHECK(response.error().code == Errc::auth_denied);
}

TEST_CASE("waiting: the end of the input ends the reading only") {
    Scene scene;
    scene.person.reset();
    const auto browser = connect_v4(scene.port);
    say(browser, get("/cb?code=sandbox-1&state=right", "localhost"));
    CHECK(scene.wait());
}

TEST_CASE("waiting: time-out, and what was pasted in vain") {
    Scene scene;
    CHECK(scene.wait(0ms).error().code == Errc::auth_timeout);
    scene.paste("sandbox-bare\n");
    const auto response = scene.wait(50ms);
    REQUIRE_FALSE(response);
    CHECK(response.error().code == Errc::auth_timeout);
    CHECK(response.error().reason.find("bare code") != std::string::npos);
}

TEST_CASE("waiting: a stop request, before and during") {
    Scene before;
    before.stop.request_stop();
    CHECK(before.wait().error().code == Errc::auth_cancelled);
    Scene during;
    std::jthread stopper([&] { during.stop.request_stop(); });
    CHECK(during.wait().error().code == Errc::auth_cancelled);
}

TEST_CASE("waiting: a browser that fails is said") {
    Scene scene;
    CHECK(scene.wait(500ms, {{"false"}}).error().code == Errc::auth_timeout);
    REQUIRE(scene.said.size() == 1);
    CHECK(scene.said[0].find("No browser") != std::string::npos);
}
