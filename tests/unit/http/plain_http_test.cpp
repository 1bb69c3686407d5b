// The client's own HTTP/1.1, and where it is not used.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <atomic>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <future>
#include <thread>

#include "http/client.hpp"
#include "http/request_head.hpp"
#include "loopback_server.hpp"

using namespace std::chrono_literals;
using handover::Secret;
using handover::http::Client;
using handover::http::Delivery;
using handover::http::Fault;
using handover::http::Request;
using handover::http::ResponseHandler;
using handover::http::ResponseHead;
using handover::http::StreamEnd;
using handover::test::answer;
using handover::test::LoopbackServer;
using handover::test::Received;
using handover::test::Response;
using handover::test::Step;

namespace {

struct Answered {
    StreamEnd end = {};
    int status = 0;
    std::string body = {};
};

Answered ask(Client& client, const Request& request) {
    Answered answered;
    const ResponseHandler handler = {
        .on_head = [&](const ResponseHead& head) { answered.status = head.status; },
        .on_body =
            [&](std::string_view bytes) {
                answered.body.append(bytes);
                return true;
            }};
    answered.end = client.stream(request, handler, {});
    return answered;
}

std::string head_of(const Request& request) {
    std::string head;
    const auto target = handover::http::parse_target(request.url);
    REQUIRE(target);
    handover::http::append_request_head(head, request, *target, "handover/test");
    return head;
}

// For as long as it lives.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) {
        ::setenv(name, value.c_str(), 1);
    }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
};

int loopback_listener(int backlog, std::uint16_t& port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener, any, size) == 0);
    REQUIRE(::listen(listener, backlog) == 0);
    REQUIRE(::getsockname(listener, any, &size) == 0);
    port = ntohs(address.sin_port);
    return listener;
}

}  // namespace

TEST_CASE("a request's head, byte for byte") {
    CHECK(head_of({.method = "POST",
                   .url = "http://127.0.0.1:8080/v1/responses?x=1",
                   .headers = {{"Content-Type", "application/json"},
                               {"X-Empty", ""},
                               {"Accept-Encoding", "gzip"},
                               {"content-length", "99"},
                               {"Transfer-Encoding", "chunked"},
                               {"Host", "elsewhere"},
                               {"Connection", "close"},
                               {"Expect", "100-continue"}},
                   .credentials = {{"Authorization", Secret("Bearer sandbox-key-123456")}},
                   .body = "{}"}) ==
          "POST /v1/responses?x=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
          "Content-Type: application/json\r\nX-Empty:\r\nUser-Agent: handover/test\r\n"
          "Accept: */*\r\nAccept-Encoding: identity\r\n"
          "Authorization: Bearer sandbox-key-123456\r\nContent-Length: 2\r\n\r\n");
    CHECK(head_of({.url = "http://[::1]?q",
                   .headers = {{"accept", "text/event-stream"}, {"USER-AGENT", "own"}}}) ==
          "GET /?q HTTP/1.1\r\nHost: [::1]\r\naccept: text/event-stream\r\nUSER-AGENT: own\r\n"
          "Accept-Encoding: identity\r\n\r\n");
    CHECK(head_of({.method = "POST", .url = "http://localhost:80"}) ==
          "POST / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: handover/test\r\nAccept: */*\r\n"
          "Accept-Encoding: identity\r\nContent-Length: 0\r\n\r\n");
    CHECK(head_of({.method = "DELETE", .url = "http://a/b"}).find("Content-Length") ==
          std::string::npos);
    CHECK(head_of({.method = "DELETE", .url = "http://a/b", .secret_body = Secret("sandbox")})
              .find("Content-Length: 7\r\n") != std::string::npos);
}

TEST_CASE("an answer that can be read in two ways ends as broken, and its connection with it") {
    struct Case {
        const char* name;
        std::string bytes;
    };
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const Case cases[] = {
        {"two lengths", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nab"},
        {"two framings", ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nab"},
        {"a folded line", ok + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n"},
        {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
        {"bytes beyond the end", ok + "Content-Length: 2\r\n\r\nab!"},
        {"a second answer", ok + "Content-Length: 0\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n"},
        {"a body where none may be", "HTTP/1.1 204 No Content\r\n\r\nab"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            LoopbackServer server([&](const Received& received) {
                return received.connection == 1 ? Response{{.bytes = c.bytes}} : answer(200, "{}");
            });
            Client client({});
            const auto first = ask(client, {.url = server.url()});
            CHECK(first.end.delivery == Delivery::unknown);
            CHECK(first.end.fault == Fault::broken);
            CHECK_FALSE(first.end.error.reason.empty());
            CHECK(ask(client, {.url = server.url()}).body == "{}");
            CHECK(server.connections() == 2);
        }
    }
}

TEST_CASE("bytes that come when nothing was asked end a kept connection") {
    std::uint16_t port = 0;
    const int listener = loopback_listener(1, port);
    std::promise<void> first_answered;
    std::promise<void> more_sent;
    std::jthread server([&] {
        const auto say = [](int peer, const std::string& text) {
            std::string request(4096, '\0');
            ::read(peer, request.data(), request.size());
            const auto whole = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + text;
            ::send(peer, whole.data(), whole.size(), MSG_NOSIGNAL);
            return whole;
        };
        const int first = ::accept(listener, nullptr, nullptr);
        const auto again = say(first, "good");
        first_answered.get_future().wait();
        ::send(first, again.data(), again.size(), MSG_NOSIGNAL);
        more_sent.set_value();  // on loopback it has arrived by now
        const int second = ::accept(listener, nullptr, nullptr);
        say(second, "next");
        ::close(first);
        ::close(second);
    });
    Client client({});
    const Request request = {.url = "http://127.0.0.1:" + std::to_string(port) + "/"};
    CHECK(ask(client, request).body == "good");
    first_answered.set_value();
    more_sent.get_future().wait();
    const auto next = ask(client, request);
    CHECK(next.body == "next");
    CHECK_FALSE(next.end.resent_by_library);
    server.join();
    ::close(listener);
}

TEST_CASE("bodies of every framing") {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    struct Case {
        const char* name;
        const char* method;
        Response response;
        const char* body;
        int connections;  // for two requests
    };
    const Case cases[] = {
        {"until the connection closes",
         "GET",
         {{.bytes = ok + "\r\nall of it"}, {.kind = Step::Kind::close}},
         "all of it",
         2},
        {"HTTP/1.0", "GET", {{.bytes = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"}}, "ok", 2},
        {"asked to close",
         "GET",
         {{.bytes = ok + "Connection: close\r\nContent-Length: 2\r\n\r\nok"}},
         "ok",
         2},
        {"chunks",
         "GET",
         {{.bytes =
               ok + "Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nX: y\r\n\r\n"}},
         "ok",
         1},
        {"HEAD", "HEAD", {{.bytes = ok + "Content-Length: 100\r\n\r\n"}}, "", 1},
        {"204", "DELETE", {{.bytes = "HTTP/1.1 204 No Content\r\n\r\n"}}, "", 1},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            LoopbackServer server([&](const Received&) { return c.response; });
            Client client({});
            for (int i = 0; i < 2; ++i) {
                const auto answered = ask(client, {.method = c.method, .url = server.url()});
                CHECK(answered.end.delivery == Delivery::answered);
                CHECK(answered.body == c.body);
            }
            CHECK(server.connections() == c.connections);
            CHECK(server.requests().front().method == c.method);
        }
    }
}

TEST_CASE("what one read brought is handed over in one piece, and then the handler is told") {
    LoopbackServer server([](const Received&) -> Response {
        return {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\none\r\n5;x=y\r\nthree\r\n"},
                {.kind = Step::Kind::await},
                {.bytes = "1\r\na\r\n1\r\nb\r\n0\r\n\r\n"}};
    });
    Client client({});
    std::string seen;
    const ResponseHandler handler = {.on_head = [&](const ResponseHead&) { seen += "head "; },
                                     .on_body =
                                         [&](std::string_view bytes) {
                                             seen.append(bytes).append(" ");
                                             return true;
                                         },
                                     .on_settled =
                                         [&] {
                                             seen += "settled ";
                                             server.release();
                                         }};
    const auto end = client.stream({.url = server.url()}, handler, {});
    CHECK(end.delivery == Delivery::answered);
    // The end follows its bytes at once.
    CHECK(seen == "head onethree settled ab ");
}

TEST_CASE("what the handler throws once it has all ends the exchange") {
    LoopbackServer server([](const Received&) -> Response {
        return {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegun"},
                {.kind = Step::Kind::hold}};
    });
    Client client({});
    const ResponseHandler handler = {.on_settled = [] { throw std::runtime_error("enough"); }};
    CHECK_THROWS_WITH(client.stream({.url = server.url()}, handler, {}), "enough");
}

TEST_CASE("a request is sent once more at most") {
    // Only the very first request is answered.
    std::atomic<bool> answered = false;  // each connection is served by a thread of its own
    LoopbackServer server([&](const Received&) {
        if (answered.exchange(true)) return Response{{.kind = Step::Kind::close}};
        return answer(200, "{}");
    });
    Client client({});
    REQUIRE(ask(client, {.url = server.url()}).end.delivery == Delivery::answered);
    const auto second = ask(client, {.url = server.url()});
    CHECK(second.end.delivery == Delivery::unknown);
    CHECK(second.end.resent_by_library);
    CHECK(server.requests().size() == 3);
    const auto third = client.send({.url = server.url()}, {}, {});
    CHECK(third.delivery == Delivery::unknown);
    CHECK(server.requests().size() == 4);
}

TEST_CASE("an answer that comes before the request has left counts") {
    std::uint16_t port = 0;
    const int listener = loopback_listener(1, port);
    std::jthread server([listener] {
        const int peer = ::accept(listener, nullptr, nullptr);
        std::string buffer(1U << 16U, '\0');
        ::read(peer, buffer.data(), 1);
        const std::string_view refusal =
            "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig";
        ::send(peer, refusal.data(), refusal.size(), MSG_NOSIGNAL);
        ::shutdown(peer, SHUT_WR);
        while (::read(peer, buffer.data(), buffer.size()) > 0) {
        }
        ::close(peer);
    });
    Client client({});
    const auto answered = ask(client,
                              {.method = "POST",
                               .url = "http://127.0.0.1:" + std::to_string(port) + "/",
                               .body = std::string(32U << 20U, 'x')});
    CHECK(answered.end.delivery == Delivery::answered);
    CHECK(answered.status == 413);
    CHECK(answered.body == "big");
    server.join();
    ::close(listener);
}

TEST_CASE("a name that does not exist") {
    // A label of 64 bytes is none: no server is asked.
    const auto url = "http://" + std::string(64, 'a') + ".test/";
    Client client({});
    const auto direct = ask(client, {.url = url});
    CHECK(direct.end.delivery == Delivery::not_sent);
    CHECK(direct.end.fault == Fault::name_lookup);
    CHECK(direct.end.error.message.find("cannot be resolved") != std::string::npos);
    CHECK(client.send({.url = url}, {}, {}).delivery == Delivery::not_sent);
    Client through({.proxy = url});
    const auto proxied = ask(through, {.url = "http://upstream.test/"});
    CHECK(proxied.end.delivery == Delivery::not_sent);
    CHECK(proxied.end.fault == Fault::name_lookup);
    CHECK(proxied.end.error.message.find("proxy") != std::string::npos);
}

TEST_CASE("a server that accepts nobody") {
    std::uint16_t port = 0;
    const int listener = loopback_listener(0, port);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    // Fills the queue of those that wait to be accepted; further ones are not answered.
    std::vector<int> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ::connect(waiting.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    const auto url = "http://127.0.0.1:" + std::to_string(port) + "/";
    Client client({.connect_timeout = 100ms});
    const auto streamed = ask(client, {.url = url});
    CHECK(streamed.end.delivery == Delivery::not_sent);
    CHECK(streamed.end.fault == Fault::timeout);
    CHECK(streamed.end.error.fix.find("connect_timeout") != std::string::npos);
    CHECK(client.send({.url = url}, {.connect = 100ms}, {}).delivery == Delivery::not_sent);
    Client through({.proxy = url, .connect_timeout = 100ms});
    CHECK(ask(through, {.url = "http://upstream.test/"}).end.fault == Fault::timeout);
    for (const int socket : waiting) ::close(socket);
    ::close(listener);
}

TEST_CASE("a proxy gets what is not for this machine, unless NO_PROXY says otherwise") {
    LoopbackServer proxy([](const Received&) { return answer(200, "by proxy"); });
    LoopbackServer here([](const Received&) { return answer(200, "direct"); });
    const Request far = {.method = "POST",
                         .url = "http://upstream.test/v1?x",
                         .credentials = {{"Authorization", Secret("Bearer sandbox-key-123456")}},
                         .body = "{}"};
    const Request near = {.url = here.url()};
    SECTION("from the options") {
        Client client({.proxy = proxy.url("")});
        CHECK(ask(client, far).body == "by proxy");
        CHECK(ask(client, near).body == "direct");
        REQUIRE(proxy.requests().size() == 1);
        CHECK(proxy.requests().front().target == "http://upstream.test/v1?x");
        CHECK(proxy.requests().front().header("Host") == "upstream.test");
    }
    for (const auto* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
        DYNAMIC_SECTION("from " << name) {
            const Variable variable(name, proxy.url(""));
            Client client({});
            CHECK(ask(client, far).body == "by proxy");
            CHECK(ask(client, near).body == "direct");
            CHECK(proxy.connections() == 1);
        }
    }
    SECTION("NO_PROXY") {
        const std::string label(64, 'a');
        const Variable variable("http_proxy", proxy.url(""));
        const Variable exception("NO_PROXY", label + ".test");
        Client client({});
        CHECK(ask(client, {.url = "http://" + label + ".test/"}).end.fault == Fault::name_lookup);
        CHECK(proxy.connections() == 0);
    }
    SECTION("HTTP_PROXY in capitals is not heeded") {
        const Variable variable("HTTP_PROXY", proxy.url(""));
        Client client({});
        CHECK(ask(client, {.url = "http://" + std::string(64, 'a') + ".test/"}).end.fault ==
              Fault::name_lookup);
        CHECK(proxy.connections() == 0);
    }
}
