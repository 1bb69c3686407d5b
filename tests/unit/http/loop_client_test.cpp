#include "http/loop_client.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <optional>
#include <thread>

#include "loopback_server.hpp"

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::awaitable;
using handover::http::ClientOptions;
using handover::http::Delivery;
using handover::http::Fault;
using handover::http::Flow;
using handover::http::LoopClient;
using handover::http::Request;
using handover::http::ResponseHandler;
using handover::http::ResponseHead;
using handover::http::StreamEnd;
using handover::test::answer;
using handover::test::chunk;
using handover::test::last_chunk;
using handover::test::LoopbackServer;
using handover::test::Received;
using handover::test::Response;
using handover::test::Step;
using handover::test::stream_head;

namespace {

// What goes through a proxy goes through libcurl: the server plays the proxy then.
struct Way {
    const char* name;
    bool through_proxy;

    [[nodiscard]] ClientOptions options(const LoopbackServer& server,
                                        ClientOptions options = {}) const {
        if (through_proxy) options.proxy = server.url("");
        return options;
    }
    [[nodiscard]] Request request(const LoopbackServer& server,
                                  const std::string& body = {}) const {
        return {.method = "POST",
                .url = through_proxy ? "http://upstream.test/" : server.url(),
                .body = body};
    }
};
const Way ways[] = {{"the client's own HTTP/1.1", false}, {"libcurl", true}};

// What a coroutine came to, once the loop has run out of work.
template <typename Value>
Value run(asio::io_context& io, awaitable<Value> call) {
    std::optional<Value> result;
    std::exception_ptr thrown;
    asio::co_spawn(io, std::move(call), [&](std::exception_ptr error, Value value) {
        thrown = std::move(error);
        result = std::move(value);
    });
    io.restart();
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    REQUIRE(result);
    return std::move(*result);
}

awaitable<void> wait(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

Response endless() {
    return {stream_head(), chunk("data: x\n\n"), {.kind = Step::Kind::hold}};
}

}  // namespace

TEST_CASE("a coroutine gets its answer as it comes") {
    for (const auto& way : ways) {
        DYNAMIC_SECTION(way.name) {
            LoopbackServer server([](const Received&) {
                return Response{stream_head(),
                                chunk("one"),
                                {.kind = Step::Kind::await},
                                chunk("two"),
                                last_chunk()};
            });
            asio::io_context io;
            LoopClient client(io, way.options(server));
            for (int round = 0; round < 2; ++round) {
                int status = 0;
                std::vector<std::string> pieces;
                const ResponseHandler handler = {
                    .on_head = [&](const ResponseHead& head) { status = head.status; },
                    .on_body =
                        [&](std::string_view bytes) {
                            pieces.emplace_back(bytes);
                            if (pieces.size() == 1) server.release();
                            return true;
                        }};
                const auto request = way.request(server, "hello");
                const auto end = run(io, client.stream(request, handler, {}));
                CHECK(end.delivery == Delivery::answered);
                CHECK(status == 200);
                CHECK(pieces == std::vector<std::string>{"one", "two"});
            }
            CHECK(server.connections() == 1);
            CHECK(server.requests().back().body == "hello");
        }
    }
}

TEST_CASE("connections that rest are closed when they are told to be") {
    LoopbackServer server([](const Received&) { return answer(200, "{}"); });
    asio::io_context io;
    LoopClient client(io, {});
    const Request request = {.url = server.url()};
    const auto ask = [&] {
        const ResponseHandler handler;
        CHECK(run(io, client.stream(request, handler, {})).delivery == Delivery::answered);
    };
    ask();
    client.close_idle();  // it is not that old
    ask();
    CHECK(server.connections() == 1);
    client.close_idle(0s);
    ask();
    CHECK(server.connections() == 2);
}

TEST_CASE("many calls at a time share one loop") {
    LoopbackServer server([](const Received& received) { return answer(200, received.body); });
    asio::io_context io;
    LoopClient client(io, {});
    for (int round = 0; round < 2; ++round) {
        int good = 0;
        const auto one = [&](int number) -> awaitable<void> {
            const Request request = {
                .method = "POST", .url = server.url(), .body = std::to_string(number)};
            std::string body;
            const ResponseHandler handler = {.on_body = [&](std::string_view bytes) {
                body.append(bytes);
                return true;
            }};
            const auto end = co_await client.stream(request, handler, {});
            if (end.delivery == Delivery::answered && body == request.body) ++good;
        };
        for (int i = 0; i < 40; ++i) asio::co_spawn(io, one(i), asio::detached);
        io.restart();
        io.run();
        CHECK(good == 40);
        CHECK(server.connections() <= 40);
    }
}

TEST_CASE("an answer is held back while its flow is paused") {
    const std::string big(24U << 20U, 'x');
    for (const auto& way : ways) {
        DYNAMIC_SECTION(way.name) {
            LoopbackServer server([&](const Received&) { return answer(200, big); });
            asio::io_context io;
            LoopClient client(io, way.options(server, {.idle_timeout = 100ms}));
            Flow flow;
            std::size_t received = 0;
            std::size_t while_paused = 0;
            bool from_head = GENERATE(false, true);
            const ResponseHandler handler = {.on_head =
                                                 [&](const ResponseHead&) {
                                                     if (from_head) flow.pause();
                                                 },
                                             .on_body =
                                                 [&](std::string_view bytes) {
                                                     if (flow.paused())
                                                         while_paused += bytes.size();
                                                     if (received == 0) flow.pause();
                                                     received += bytes.size();
                                                     return true;
                                                 },
                                             .flow = &flow};
            const auto resumes = [&]() -> awaitable<void> {
                for (int i = 0; i < 3; ++i) {
                    while (!flow.paused() && received < big.size()) co_await wait(1ms);
                    co_await wait(150ms);  // longer than the idle time-out
                    flow.resume();
                }
            };
            asio::co_spawn(io, resumes(), asio::detached);
            const auto request = way.request(server);
            const auto end = run(io, client.stream(request, handler, {}));
            CHECK(end.delivery == Delivery::answered);
            CHECK(end.error.message.empty());
            CHECK(received == big.size());
            CHECK(while_paused == 0);
        }
    }
}

TEST_CASE("a loop runs out of work with its last call") {
    for (const auto& way : ways) {
        DYNAMIC_SECTION(way.name) {
            LoopbackServer server([](const Received&) { return answer(200, "all of it"); });
            asio::io_context io;
            LoopClient client(io, way.options(server, {.connect_timeout = 60s}));
            Flow flow;
            const ResponseHandler handler = {.on_head = [&](const ResponseHead&) { flow.pause(); },
                                             .flow = &flow};
            const auto resumes = [&]() -> awaitable<void> {
                while (!flow.paused()) co_await wait(1ms);
                co_await wait(
                    300ms);  // of libcurl's timers only the connect time-out is left by then
                flow.resume();
            };
            asio::co_spawn(io, resumes(), asio::detached);
            const auto request = way.request(server);
            const auto began = std::chrono::steady_clock::now();
            const auto end = run(io, client.stream(request, handler, {}));
            CHECK(end.error.message.empty());
            CHECK(std::chrono::steady_clock::now() - began < 30s);
        }
    }
}

TEST_CASE("the idle time-out runs again after a pause") {
    for (const auto& way : ways) {
        DYNAMIC_SECTION(way.name) {
            LoopbackServer server([](const Received&) { return endless(); });
            asio::io_context io;
            LoopClient client(io, way.options(server, {.idle_timeout = 50ms}));
            Flow flow;
            const ResponseHandler handler = {.on_body =
                                                 [&](std::string_view) {
                                                     flow.pause();
                                                     asio::post(io, [&] { flow.resume(); });
                                                     return true;
                                                 },
                                             .flow = &flow};
            const auto request = way.request(server);
            const auto end = run(io, client.stream(request, handler, {}));
            CHECK(end.fault == Fault::timeout);
            CHECK(server.wait_for_client_close(5s));
        }
    }
}

TEST_CASE("a call ends at once when it is stopped") {
    for (const auto& way : ways) {
        DYNAMIC_SECTION(way.name) {
            LoopbackServer server([](const Received&) { return endless(); });
            asio::io_context io;
            LoopClient client(io, way.options(server));
            const auto request = way.request(server);
            SECTION("from another thread") {
                std::stop_source source;
                std::jthread stopper;
                const ResponseHandler handler = {.on_body = [&](std::string_view) {
                    stopper = std::jthread([&] { source.request_stop(); });
                    return true;
                }};
                const auto end = run(io, client.stream(request, handler, source.get_token()));
                CHECK(end.cancelled);
                CHECK(end.delivery == Delivery::unknown);
            }
            SECTION("while paused") {
                std::stop_source source;
                Flow flow;
                const ResponseHandler handler = {.on_body =
                                                     [&](std::string_view) {
                                                         flow.pause();
                                                         source.request_stop();
                                                         return true;
                                                     },
                                                 .flow = &flow};
                const auto end = run(io, client.stream(request, handler, source.get_token()));
                CHECK(end.cancelled);
            }
            SECTION("by the cancellation of the coroutine") {
                const auto either = [&]() -> awaitable<std::size_t> {
                    using namespace asio::experimental::awaitable_operators;
                    const ResponseHandler handler = {};
                    const auto first = co_await (client.stream(request, handler, {}) || wait(50ms));
                    co_return first.index();
                };
                CHECK(run(io, either()) == 1);
            }
            CHECK(server.wait_for_client_close(5s));
        }
    }
}

TEST_CASE("calls go with their client, and are not resumed") {
    for (const auto& way : ways) {
        DYNAMIC_SECTION(way.name) {
            LoopbackServer server([](const Received&) { return endless(); });
            asio::io_context io;
            auto client = std::make_unique<LoopClient>(io, way.options(server));
            bool resumed = false;
            const auto held = std::make_shared<int>(1);
            const ResponseHandler handler = {.on_body = [&](std::string_view) {
                asio::post(io, [&] { client.reset(); });
                return true;
            }};
            const auto request = way.request(server);
            const auto call = [&](std::shared_ptr<int>) -> awaitable<void> {
                co_await client->stream(request, handler, {});
                resumed = true;
            };
            asio::co_spawn(io, call(held), asio::detached);
            io.run();
            CHECK_FALSE(resumed);
            CHECK(held.use_count() == 1);  // the coroutine's frame has gone
            CHECK(server.wait_for_client_close(5s));
        }
    }
}

TEST_CASE("a client may go when its call has ended") {
    for (const auto& way : ways) {
        DYNAMIC_SECTION(way.name) {
            LoopbackServer server([](const Received&) { return answer(200, "{}"); });
            asio::io_context io;
            const auto request = way.request(server);
            const auto call = [&]() -> awaitable<bool> {
                LoopClient client(io, way.options(server));
                const ResponseHandler handler = {};
                const auto end = co_await client.stream(request, handler, {});
                co_return end.delivery == Delivery::answered;
            };
            CHECK(run(io, call()));
        }
    }
}

TEST_CASE("what a handler throws comes out of the coroutine") {
    for (const auto& way : ways) {
        DYNAMIC_SECTION(way.name) {
            LoopbackServer server([](const Received&) { return answer(200, "{}"); });
            asio::io_context io;
            LoopClient client(io, way.options(server));
            const auto request = way.request(server);
            const ResponseHandler handler = {
                .on_head = [](const ResponseHead&) { throw std::runtime_error("mine"); }};
            CHECK_THROWS_WITH(run(io, client.stream(request, handler, {})), "mine");
        }
    }
}

TEST_CASE("a request that cannot be sent ends without a loop") {
    asio::io_context io;
    LoopClient client(io, {});
    const Request request = {.url = "ftp://127.0.0.1/"};
    const ResponseHandler handler = {};
    const auto end = run(io, client.stream(request, handler, {}));
    CHECK(end.fault == Fault::unusable);
    CHECK(end.delivery == Delivery::not_sent);
}
