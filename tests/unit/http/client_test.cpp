#include "http/client.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "loopback_server.hpp"

using namespace std::chrono_literals;
using handover::Errc;
using handover::Secret;
using handover::http::Client;
using handover::http::ClientOptions;
using handover::http::Delivery;
using handover::http::Fault;
using handover::http::Request;
using handover::http::ResponseHead;
using handover::test::answer;
using handover::test::chunk;
using handover::test::last_chunk;
using handover::test::LoopbackServer;
using handover::test::Received;
using handover::test::Response;
using handover::test::Step;
using handover::test::stream_head;
using handover::test::UnusedPort;

namespace {

struct Seen {
    ResponseHead head = {};
    std::string body = {};
    std::vector<std::string> pieces = {};
};

handover::http::ResponseHandler into(Seen& seen) {
    return {.on_head = [&seen](const ResponseHead& head) { seen.head = head; },
            .on_body =
                [&seen](std::string_view bytes) {
                    seen.body.append(bytes);
                    seen.pieces.emplace_back(bytes);
                    return true;
                }};
}

Request post(const std::string& url, const std::string& body = "{}") {
    return {.method = "POST",
            .url = url,
            .headers = {{"Content-Type", "application/json"}},
            .credentials = {{"Authorization", Secret("Bearer sandbox-key-123456")}},
            .body = body};
}

}  // namespace

TEST_CASE("a request arrives as it was built") {
    LoopbackServer server([](const Received&) { return answer(200, R"({"ok":true})"); });
    Client client({.user_agent = "handover/test"});
    Seen seen;
    auto request = post(server.url("/v1/responses?x=1"), R"({"model":"m"})");
    request.headers.push_back({"X-Empty", ""});
    request.headers.push_back({"Accept-Encoding", "gzip"});
    const auto end = client.stream(request, into(seen), {});
    REQUIRE(end.delivery == Delivery::answered);
    CHECK(seen.head.status == 200);
    CHECK(seen.body == R"({"ok":true})");
    REQUIRE(server.requests().size() == 1);
    const auto received = server.requests().front();
    CHECK(received.method == "POST");
    CHECK(received.target == "/v1/responses?x=1");
    CHECK(received.body == R"({"model":"m"})");
    CHECK(received.header("Authorization") == "Bearer sandbox-key-123456");
    CHECK(received.header("User-Agent") == "handover/test");
    CHECK(received.header("Accept-Encoding") == "identity");
    CHECK(received.header("Expect").empty());
    CHECK(received.head.find("X-Empty:\r\n") != std::string::npos);
    CHECK(handover::http::find_header(seen.head.headers, "content-type") == "application/json");
}

TEST_CASE("a stream is handed over in the pieces it comes in") {
    LoopbackServer server([](const Received&) {
        return Response{stream_head(),
                        chunk("data: one\n\n"),
                        {.kind = Step::Kind::await},
                        chunk("data: two\n\n"),
                        {.kind = Step::Kind::await},
                        last_chunk()};
    });
    Client client({});
    std::vector<std::string> pieces;
    // The server writes the next piece only after this one was handed over: buffering would never
    // end.
    const auto end = client.stream(post(server.url()),
                                   {.on_body =
                                        [&](std::string_view bytes) {
                                            pieces.emplace_back(bytes);
                                            server.release();
                                            return true;
                                        }},
                                   {});
    CHECK(end.delivery == Delivery::answered);
    CHECK(pieces == std::vector<std::string>{"data: one\n\n", "data: two\n\n"});
}

TEST_CASE("connections are pooled for streams and never for send") {
    LoopbackServer server([](const Received&) { return answer(200, "{}"); });
    Client client({});
    Seen seen;
    for (int i = 0; i < 3; ++i)
        REQUIRE(client.stream(post(server.url()), into(seen), {}).delivery == Delivery::answered);
    CHECK(server.connections() == 1);
    for (int i = 0; i < 2; ++i)
        CHECK(client.send(post(server.url()), {}, {}).delivery == Delivery::answered);
    CHECK(server.connections() == 3);
    REQUIRE(client.stream(post(server.url()), into(seen), {}).delivery == Delivery::answered);
    CHECK(server.connections() == 3);
}

TEST_CASE("a resend on a closed pooled connection is seen") {
    // The connection closes right when the second request arrives on it: libcurl sends that again
    // by itself.
    LoopbackServer server([](const Received& received) {
        static int on_first = 0;
        if (received.connection == 1 && ++on_first > 1)
            return Response{{.kind = Step::Kind::close}};
        return answer(200, "{}");
    });
    Client client({});
    Seen seen;
    REQUIRE_FALSE(client.stream(post(server.url()), into(seen), {}).resent_by_library);
    const auto end = client.stream(post(server.url()), into(seen), {});
    CHECK(end.delivery == Delivery::answered);
    CHECK(end.resent_by_library);
    CHECK(server.requests().size() == 3);
}

TEST_CASE("how far a request got is told honestly") {
    struct Case {
        const char* name;
        Response response;
        Delivery delivery;
        Fault fault;
        const char* says;
    };
    const Case cases[] = {
        {"closed before an answer",
         {{.kind = Step::Kind::close}},
         Delivery::unknown,
         Fault::broken,
         "without an answer"},
        {"reset before an answer",
         {{.kind = Step::Kind::reset}},
         Delivery::unknown,
         Fault::broken,
         "without an answer"},
        {"dropped in the head",
         {{.bytes = "HTTP/1.1 200 OK\r\nContent-"}, {.kind = Step::Kind::close}},
         Delivery::unknown,
         Fault::broken,
         ""},
        {"dropped in a body with a length",
         {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"},
          {.kind = Step::Kind::close}},
         Delivery::unknown,
         Fault::broken,
         "in the middle"},
        {"dropped in a chunked body",
         {stream_head(), chunk("data: x\n\n"), {.kind = Step::Kind::close}},
         Delivery::unknown,
         Fault::broken,
         "in the middle"},
        {"not HTTP",
         {{.bytes = "SSH-2.0-OpenSSH_9.2\r\n"}, {.kind = Step::Kind::close}},
         Delivery::unknown,
         Fault::broken,
         ""},
        {"an interim answer first",
         {{.bytes = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
                    "0\r\n\r\n"}},
         Delivery::answered,
         Fault::none,
         ""},
        {"a server error", answer(500, "oops"), Delivery::answered, Fault::none, ""},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            LoopbackServer server([&](const Received&) { return c.response; });
            Client client({});
            Seen seen;
            const auto end = client.stream(post(server.url()), into(seen), {});
            CHECK(end.delivery == c.delivery);
            CHECK(end.fault == c.fault);
            CHECK(end.error.message.find(c.says) != std::string::npos);
            const auto sent = client.send(post(server.url()), {}, {});
            CHECK(sent.delivery == c.delivery);
            CHECK(server.requests().size() == 2);  // neither was sent twice
        }
    }
}

TEST_CASE("nothing listens") {
    const UnusedPort unused;
    Client client({});
    for (const std::string host : {"127.0.0.1", "localhost"}) {
        Seen seen;
        const auto end = client.stream(
            post("http://" + host + ':' + std::to_string(unused.port()) + "/"), into(seen), {});
        CHECK(end.delivery == Delivery::not_sent);
        CHECK(end.fault == Fault::refused);
        CHECK(end.error.code == Errc::provider_unavailable);
        CHECK(end.error.message == "nothing listens on " + host + ':' +
                                       std::to_string(unused.port()) + ": is it running?");
        CHECK(
            client.send(post("http://" + host + ':' + std::to_string(unused.port()) + "/"), {}, {})
                .delivery == Delivery::not_sent);
    }
}

TEST_CASE("localhost is found on either family") {
    for (const auto family : {LoopbackServer::Family::v4, LoopbackServer::Family::v6}) {
        LoopbackServer server([](const Received&) { return answer(200, "{}"); }, family);
        Client client({.proxy = "http://127.0.0.1:1"});  // loopback never goes through a proxy
        Seen seen;
        CHECK(client.stream(post(server.url("/", "localhost")), into(seen), {}).delivery ==
              Delivery::answered);
    }
}

TEST_CASE("time-outs end a request and say which one") {
    struct Case {
        const char* name;
        Response response;
        const char* says;
        const char* key;
    };
    const Case cases[] = {
        {"first byte",
         {{.kind = Step::Kind::hold}},
         "did not begin to answer",
         "first_byte_timeout"},
        {"idle after the head",
         {stream_head(), {.kind = Step::Kind::hold}},
         "fell silent",
         "idle_timeout"},
        {"idle in the body",
         {stream_head(), chunk("data: x\n\n"), {.kind = Step::Kind::hold}},
         "fell silent",
         "idle_timeout"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            LoopbackServer server([&](const Received&) { return c.response; });
            Client client({.first_byte_timeout = 40ms, .idle_timeout = 40ms});
            Seen seen;
            const auto end = client.stream(post(server.url()), into(seen), {});
            CHECK(end.delivery == Delivery::unknown);
            CHECK(end.fault == Fault::timeout);
            CHECK(end.error.message.find(c.says) != std::string::npos);
            CHECK(end.error.fix.find(c.key) != std::string::npos);
            CHECK(server.wait_for_client_close(5s));
        }
    }
    SECTION("in all") {
        LoopbackServer server([](const Received&) {
            return Response{stream_head(), {.kind = Step::Kind::hold}};
        });
        Client client({});
        const auto outcome = client.send(post(server.url()), {.total = 40ms}, {});
        CHECK(outcome.delivery == Delivery::unknown);
        CHECK(outcome.error.message.find("did not answer in full") != std::string::npos);
    }
    SECTION("a stream that keeps talking outlives its idle time-out") {
        LoopbackServer server([](const Received&) {
            Response response = {stream_head()};
            for (int i = 0; i < 8; ++i) {
                response.push_back(chunk("data: x\n\n"));
                response.push_back({.kind = Step::Kind::await});
            }
            response.push_back(last_chunk());
            return response;
        });
        Client client({.idle_timeout = 200ms});
        std::jthread metronome([&](const std::stop_token& stop) {
            std::mutex mutex;
            std::condition_variable_any tick;
            std::unique_lock lock(mutex);
            while (!stop.stop_requested()) {
                tick.wait_for(lock, stop, 50ms, [] { return false; });
                server.release();
            }
        });
        Seen seen;
        const auto end = client.stream(post(server.url()), into(seen), {});
        CHECK(end.delivery == Delivery::answered);
        CHECK(seen.pieces.size() == 8);
    }
}

TEST_CASE("a stop request closes upstream at once") {
    struct Case {
        const char* name;
        Response response;
    };
    const Case cases[] = {
        {"before the answer", {{.kind = Step::Kind::hold}}},
        {"in the stream", {stream_head(), chunk("data: x\n\n"), {.kind = Step::Kind::hold}}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            std::stop_source source;
            std::chrono::steady_clock::time_point asked;
            std::jthread stopper;
            LoopbackServer server([&](const Received&) {
                stopper = std::jthread([&] {
                    asked = std::chrono::steady_clock::now();
                    source.request_stop();
                });
                return c.response;
            });
            Client client({});
            Seen seen;
            const auto end = client.stream(post(server.url()), into(seen), source.get_token());
            CHECK(end.cancelled);
            CHECK(end.fault == Fault::stopped);
            CHECK(end.delivery == Delivery::unknown);
            REQUIRE(server.wait_for_client_close(5s));
            CHECK(std::chrono::steady_clock::now() - asked < 100ms);
            // The client goes on to work.
            stopper.join();
        }
    }
    SECTION("already stopped: nothing is sent") {
        std::stop_source source;
        source.request_stop();
        LoopbackServer server([](const Received&) { return answer(200, "{}"); });
        Client client({});
        const auto end = client.stream(post(server.url()), {}, source.get_token());
        CHECK(end.cancelled);
        CHECK(end.delivery == Delivery::not_sent);
        CHECK(server.connections() == 0);
    }
    SECTION("by the handler") {
        LoopbackServer server([](const Received&) {
            return Response{stream_head(), chunk("data: x\n\n"), {.kind = Step::Kind::hold}};
        });
        Client client({});
        const auto end = client.stream(
            post(server.url()), {.on_body = [](std::string_view) { return false; }}, {});
        CHECK(end.cancelled);
        CHECK(server.wait_for_client_close(5s));
    }
    SECTION("an exception of the handler comes out whole") {
        LoopbackServer server([](const Received&) { return answer(200, "{}"); });
        Client client({});
        const handover::http::ResponseHandler handler = {
            .on_body = [](std::string_view) -> bool { throw std::runtime_error("mine"); }};
        CHECK_THROWS_WITH(client.stream(post(server.url()), handler, {}), "mine");
        CHECK(client.send(post(server.url()), {}, {}).delivery == Delivery::answered);
    }
}

TEST_CASE("redirects are not followed and carry no credential") {
    LoopbackServer elsewhere([](const Received&) { return answer(200, "{}"); });
    LoopbackServer server([&](const Received&) {
        return answer(307, "", "Location: " + elsewhere.url("/stolen") + "\r\n");
    });
    Client client({});
    Seen seen;
    const auto end = client.stream(post(server.url()), into(seen), {});
    CHECK(end.delivery == Delivery::answered);
    CHECK(seen.head.status == 307);
    CHECK(client.send(post(server.url()), {}, {}).response.status == 307);
    CHECK(elsewhere.connections() == 0);
}

TEST_CASE("big bodies") {
    const std::string big(8U << 20U, 'x');
    LoopbackServer server([](const Received& received) { return answer(200, received.body); });
    Client client({});
    Seen seen;
    const auto end = client.stream(post(server.url(), big), into(seen), {});
    CHECK(end.delivery == Delivery::answered);
    CHECK(seen.body == big);
    SECTION("send has a limit, exactly") {
        const std::string body(1000, 'y');
        CHECK(client.send(post(server.url(), body), {.max_body = 1000}, {}).delivery ==
              Delivery::answered);
        const auto longer = client.send(post(server.url(), body), {.max_body = 999}, {});
        CHECK(longer.delivery == Delivery::unknown);
        CHECK(longer.error.message.find("longer than 999") != std::string::npos);
    }
    SECTION("a head without end") {
        LoopbackServer talker([](const Received&) {
            Response response = {{.bytes = "HTTP/1.1 200 OK\r\n"}};
            for (int i = 0; i < 300; ++i)
                response.push_back({.bytes = "X-Filler: " + std::string(1000, 'h') + "\r\n"});
            response.push_back({.kind = Step::Kind::hold});
            return response;
        });
        CHECK(client.send(post(talker.url()), {}, {}).delivery == Delivery::unknown);
    }
}

TEST_CASE("a secret body is sent in place of the plain one") {
    LoopbackServer server([](const Received&) { return answer(200, "{}"); });
    Client client({});
    auto request = post(server.url(), "plain");
    request.secret_body = Secret("refresh_token=sandbox-refresh");
    CHECK(client.send(request, {}, {}).delivery == Delivery::answered);
    CHECK(server.requests().front().body == "refresh_token=sandbox-refresh");
}

TEST_CASE("a head that would break out is refused before anything is sent") {
    LoopbackServer server([](const Received&) { return answer(200, "{}"); });
    Client client({});
    auto request = post(server.url());
    SECTION("value") {
        request.headers.push_back({"X-Team", "blue\r\nHost: evil"});
    }
    SECTION("name") {
        request.headers.push_back({"X-Team: a\r\nHost", "evil"});
    }
    SECTION("credential") {
        request.credentials.push_back({"X-Key", Secret("sandbox-key\nX: y")});
    }
    SECTION("method") {
        request.method = "GET / HTTP/1.1\r\nX:";
    }
    SECTION("scheme") {
        request.url = "file:///etc/passwd";
    }
    SECTION("user information") {
        request.url = "http://user:word@127.0.0.1:" + std::to_string(server.port()) + "/";
    }
    const auto end = client.stream(request, {}, {});
    CHECK(end.delivery == Delivery::not_sent);
    CHECK(end.fault == Fault::unusable);
    CHECK(end.error.message.find("sandbox-key") == std::string::npos);
    CHECK(server.connections() == 0);
}

TEST_CASE("many threads use one client") {
    LoopbackServer server([](const Received& received) { return answer(200, received.body); });
    Client client({});
    std::atomic<int> good = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 10; ++i) {
                    Seen seen;
                    const auto body = std::to_string(t * 100 + i);
                    const auto end = client.stream(post(server.url(), body), into(seen), {});
                    if (end.delivery == Delivery::answered && seen.body == body) ++good;
                }
            });
        }
    }
    CHECK(good == 80);
    CHECK(server.connections() <= 8);
}
