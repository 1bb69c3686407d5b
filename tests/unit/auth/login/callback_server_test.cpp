#include "auth/login/callback_server.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "loopback_client.hpp"

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::login;
using namespace handover::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto good = "/auth/callback?code=sandbox-1&state=right";

struct Listening {
    explicit Listening(const std::string& uri = "http://localhost:0/auth/callback")
        : Listening(listen_on_loopback({uri}).value()) {}
    explicit Listening(LoopbackSockets sockets)
        : port(sockets.port),
          host("localhost:" + std::to_string(port)),
          server(std::move(sockets),
                 {.path = "/auth/callback",
                  .state = "right",
                  .issuer = {},
                  .issuer_promised = false}) {}

    unsigned port;
    std::string host;
    CallbackServer server;

    // One turn of the poll loop.
    std::optional<std::string> turn(SteadyTime now = std::chrono::steady_clock::now()) {
        std::vector<pollfd> entries;
        server.add_interest(entries);
        (void)poll(entries.data(), entries.size(), 30'000);
        return server.advance(entries, now);
    }

    // Turns until a target comes.
    std::string target() {
        while (true) {
            if (auto found = turn()) return *found;
        }
    }

    // Serves until `peer` has its whole answer.
    std::string answer_to(const platform::Descriptor& peer) {
        std::string heard;
        std::thread reader([&] {
            heard = hear(peer);
            done = true;
            say(connect_v4(port), get("/done", host));  // wakes the loop below
        });
        while (!done) (void)turn();
        reader.join();
        done = false;
        return heard;
    }

    std::atomic<bool> done = false;
};

}  // namespace

TEST_CASE("listener: the redirect comes through, the browser waits for its page") {
    Listening listening;
    const auto browser = connect_v4(listening.port);
    REQUIRE(browser.valid());
    say(browser, get(good, listening.host));
    CHECK(listening.target() == good);
    std::string page;
    std::thread reader([&] { page = hear(browser); });
    listening.server.finish("HTTP/1.1 200 OK\r\n\r\nall well");
    reader.join();
    CHECK(page == "HTTP/1.1 200 OK\r\n\r\nall well");
    CHECK_FALSE(connect_v4(listening.port).valid());
}

TEST_CASE("listener: localhost is 127.0.0.1 and ::1 on one port") {
    Listening listening;
    const auto browser = connect_v6(listening.port);
    if (!browser.valid()) return;  // a machine without IPv6
    say(browser, get(good, "[::1]:" + std::to_string(listening.port)));
    CHECK(listening.target() == good);
}

TEST_CASE("listener: split into single bytes") {
    Listening listening;
    const auto browser = connect_v4(listening.port);
    const auto request = get(good, listening.host);
    std::optional<std::string> target;
    for (const char c : request) {
        REQUIRE_FALSE(target);
        say(browser, std::string_view(&c, 1));
        target = listening.turn();
    }
    while (!target) target = listening.turn();
    CHECK(target == good);
}

TEST_CASE("listener: noise gets its status and the login goes on") {
    struct Case {
        const char* name;
        std::string request;
        const char* status;
    };
    Listening listening;
    const auto& host = listening.host;
    const Case cases[] = {
        {"favicon", get("/favicon.ico", host), "404"},
        {"cancel is nothing special", get("/cancel", host), "404"},
        {"cancel with our state", get("/cancel?state=right", host), "404"},
        {"path and more", get("/auth/callback/x?code=c&state=right", host), "404"},
        {"POST", get(good, host, "POST"), "405"},
        {"HEAD", get(good, host, "HEAD"), "405"},
        {"wrong state", get("/auth/callback?code=c&state=wrong", host), "400"},
        {"no state", get("/auth/callback?code=c", host), "400"},
        {"denied by a stranger",
         get("/auth/callback?error=access_denied&state=wrong", host),
         "400"},
        {"repeated", get("/auth/callback?code=c&code=d&state=right", host), "400"},
        {"another host", get(good, "evil.example"), "400"},
        {"another port", get(good, "localhost:1"), "400"},
        {"no host", "GET " + std::string(good) + " HTTP/1.1\r\n\r\n", "400"},
        {"TLS", "\x16\x03\x01\x02\n\x01", "400"},
        {"not HTTP", "hello\n", "400"},
        {"endless head", "GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x'), "431"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto peer = connect_v4(listening.port);
        say(peer, c.request);
        CHECK(listening.answer_to(peer).substr(0, 12) == std::string("HTTP/1.1 ") + c.status);
    }
    const auto browser = connect_v4(listening.port);
    say(browser, get(good, host));
    CHECK(listening.target() == good);
}

TEST_CASE("listener: slow peers neither delay nor keep out the browser") {
    Listening listening;
    std::vector<platform::Descriptor> slow;
    for (int i = 0; i < 200; ++i) {
        slow.push_back(connect_v4(listening.port));
        say(slow.back(), "GET /auth/callback?co");
        (void)listening.turn();
    }
    const auto browser = connect_v4(listening.port);
    say(browser, get(good, listening.host));
    CHECK(listening.target() == good);
}

TEST_CASE("listener: a peer that sends nothing is dropped at its deadline") {
    Listening listening;
    const auto silent = connect_v4(listening.port);
    (void)listening.turn();
    const auto deadline = listening.server.next_deadline();
    REQUIRE(deadline);
    (void)listening.server.advance({}, *deadline - 1ms);
    CHECK(listening.server.next_deadline());
    (void)listening.server.advance({}, *deadline);
    CHECK_FALSE(listening.server.next_deadline());
    CHECK(hear(silent).empty());
}

TEST_CASE("ports: the next URI where one is busy, an error that names them where all are") {
    const auto first = listen_on_loopback({"http://localhost:0/cb"}).value();
    const auto busy = "http://localhost:" + std::to_string(first.port) + "/cb";
    const auto second = listen_on_loopback({busy, "http://127.0.0.1:0/cb"});
    REQUIRE(second);
    CHECK(second->port != first.port);
    CHECK(second->redirect_uri == "http://127.0.0.1:" + std::to_string(second->port) + "/cb");
    const auto none = listen_on_loopback({busy, busy});
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Errc::auth_port_busy);
    CHECK(none.error().reason.find(std::to_string(first.port)) != std::string::npos);
}

TEST_CASE("ports: taken on one family is busy for localhost") {
    const auto v6 = listen_on_loopback({"http://[::1]:0/cb"});
    if (!v6) return;  // a machine without IPv6
    const auto both = listen_on_loopback({"http://localhost:" + std::to_string(v6->port) + "/cb"});
    REQUIRE_FALSE(both);
    CHECK(both.error().code == Errc::auth_port_busy);
}
