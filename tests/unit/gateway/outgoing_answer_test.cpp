#include "gateway/outgoing_answer.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>

#include "platform/files.hpp"

namespace handover::gateway {
namespace {

using std::chrono::milliseconds;

// A connection whose other end the test reads. Its socket takes little at a time.
class Wire final : public AnswerCarrier {
public:
    Wire() {
        std::array<int, 2> ends = {};
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        near_ = platform::Descriptor(ends[0]);
        far_ = platform::Descriptor(ends[1]);
        const int small = 4096;
        (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
        outlet.emplace(ends[0]);
        answer.emplace(*outlet, *this);
    }

    void wait_writable() override { writable_wanted = true; }
    std::string_view date_line() override { return "Date: now\r\n"; }

    std::string read() {
        std::string all;
        std::array<char, 65536> room = {};
        for (;;) {
            const auto got = recv(far_.get(), room.data(), room.size(), 0);
            if (got <= 0) return all;
            all.append(room.data(), static_cast<std::size_t>(got));
        }
    }
    // Reads until nothing is kept any more.
    std::string read_all() {
        auto all = read();
        while (outlet->kept() > 0) {
            answer->writable();
            all += read();
        }
        return all;
    }
    void hang_up() { far_.reset(); }

    std::optional<Outlet> outlet;
    std::optional<OutgoingAnswer> answer;
    bool writable_wanted = false;

private:
    platform::Descriptor near_;
    platform::Descriptor far_;
};

const std::array json = {http::Header{"Content-Type", "application/json"}};
const std::array events = {http::Header{"Content-Type", "text/event-stream; charset=utf-8"}};
const std::string own = "x-request-id: r1\r\nDate: now\r\n";

}  // namespace

TEST_CASE("a whole answer is head and body") {
    struct Case {
        const char* name;
        AnswerTo to;
        int status;
        std::string expected;
        bool closes;
    };
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    const Case cases[] = {
        {"as usual", {.request_id = "r1"}, 200, head + own + "Content-Length: 2\r\n\r\n{}", false},
        {"to HEAD",
         {.request_id = "r1", .head_only = true},
         200,
         head + own + "Content-Length: 2\r\n\r\n",
         false},
        {"the last one",
         {.request_id = "r1", .keep_alive = false},
         200,
         head + own + "Content-Length: 2\r\nConnection: close\r\n\r\n{}",
         true},
        {"HTTP/1.0 that stays",
         {.request_id = "r1", .http_1_0 = true},
         200,
         head + own + "Content-Length: 2\r\nConnection: keep-alive\r\n\r\n{}",
         false},
        {"to a page",
         {.request_id = "r1", .extra = {{"Vary", "Origin"}}},
         200,
         head + "Vary: Origin\r\n" + own + "Content-Length: 2\r\n\r\n{}",
         false},
        {"without content",
         {.request_id = "r1"},
         204,
         "HTTP/1.1 204 No Content\r\nContent-Type: application/json\r\n" + own + "\r\n",
         false},
        {"an odd status",
         {.request_id = "r1"},
         299,
         "HTTP/1.1 299 \r\nContent-Type: application/json\r\n" + own +
             "Content-Length: 2\r\n\r\n{}",
         false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            Wire wire;
            wire.answer->begin(c.to);
            wire.answer->whole(c.status, json, "{}");
            CHECK(wire.read() == c.expected);
            CHECK(wire.answer->finished());
            CHECK(wire.answer->closes() == c.closes);
            CHECK(!wire.answer->incomplete());
        }
    }
}

TEST_CASE("an answer bears the headers that were set last, the next one none of them") {
    Wire wire;
    wire.answer->begin({.request_id = "r1"});
    const std::array first = {HeaderView{.name = "x-a", .value = "1"},
                              HeaderView{.name = "x-b", .value = "2"}};
    const std::array second = {HeaderView{.name = "x-a", .value = "3"},
                               HeaderView{.name = "x-bad", .value = "a\r\nx-injected: b"}};
    wire.answer->bear(first);
    wire.answer->bear(second);
    wire.answer->whole(200, {}, "");
    CHECK(wire.read() == "HTTP/1.1 200 OK\r\nx-a: 3\r\n" + own + "Content-Length: 0\r\n\r\n");
    wire.answer->begin({.request_id = "r1"});
    wire.answer->whole(200, {}, "");
    CHECK(wire.read() == "HTTP/1.1 200 OK\r\n" + own + "Content-Length: 0\r\n\r\n");
}

TEST_CASE(
    "an upstream's head loses what is the connection's own, and what would not stay in place") {
    Wire wire;
    wire.answer->begin({.request_id = "r1"});
    const std::array theirs = {http::Header{"connection", "upgrade"},
                               http::Header{"Content-Length", "7"},
                               http::Header{"TRANSFER-ENCODING", "chunked"},
                               http::Header{"Date", "then"},
                               http::Header{"X-Request-ID", "theirs"},
                               http::Header{"Keep-Alive", "5"},
                               http::Header{"X-Split", "a\r\nX-Injected: b"},
                               http::Header{"X Space", "a"},
                               http::Header{"X-Good", "kept"}};
    wire.answer->whole(200, theirs, "");
    CHECK(wire.read() == "HTTP/1.1 200 OK\r\nX-Good: kept\r\n" + own + "Content-Length: 0\r\n\r\n");
}

TEST_CASE("a stream") {
    Wire wire;
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n";
    SECTION("is chunked, its head leaves with the first bytes") {
        wire.answer->begin({.request_id = "r1"});
        wire.answer->send_head(200, events, {});
        CHECK(wire.read().empty());
        CHECK(wire.answer->write("data: 1\n\n") == Pressure::none);
        CHECK(wire.read() == head + own + "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
        wire.answer->finish();
        CHECK(wire.read() == "0\r\n\r\n");
        CHECK(wire.answer->body_bytes() == 9);
        CHECK(!wire.answer->closes());
    }
    SECTION("gives its head alone where nothing follows") {
        wire.answer->begin({.request_id = "r1"});
        wire.answer->send_head(200, events, {});
        wire.answer->flush();
        CHECK(wire.read() == head + own + "Transfer-Encoding: chunked\r\n\r\n");
        wire.answer->flush();
        CHECK(wire.read().empty());
    }
    SECTION("puts queued pieces into one chunk") {
        wire.answer->begin({.request_id = "r1"});
        wire.answer->send_head(200, events, {});
        wire.answer->flush();
        (void)wire.read();
        CHECK(wire.answer->queue("ab") == Pressure::none);
        CHECK(wire.answer->queue("cd") == Pressure::none);
        CHECK(wire.read().empty());
        CHECK(wire.answer->write("ef") == Pressure::none);
        CHECK(wire.read() == "6\r\nabcdef\r\n");
        wire.answer->queue("xy");
        wire.answer->flush();
        CHECK(wire.read() == "2\r\nxy\r\n");
        wire.answer->queue("g");
        wire.answer->finish();
        CHECK(wire.read() == "1\r\ng\r\n0\r\n\r\n");
    }
    SECTION("that ends before anything left has a length") {
        wire.answer->begin({.request_id = "r1"});
        wire.answer->send_head(200, events, {});
        wire.answer->queue("abc");
        wire.answer->finish();
        CHECK(wire.read() == head + own + "Content-Length: 3\r\n\r\nabc");
    }
    SECTION("to HTTP/1.0 ends with the connection") {
        wire.answer->begin({.request_id = "r1", .http_1_0 = true});
        wire.answer->send_head(200, events, {});
        wire.answer->write("abc");
        CHECK(wire.read() == head + own + "Connection: close\r\n\r\nabc");
        wire.answer->finish();
        CHECK(wire.read().empty());
        CHECK(wire.answer->closes());
    }
    SECTION("to HEAD is its head") {
        wire.answer->begin({.request_id = "r1", .head_only = true});
        wire.answer->send_head(200, events, {});
        wire.answer->write("abc");
        wire.answer->finish();
        CHECK(wire.read() == head + own + "Transfer-Encoding: chunked\r\n\r\n");
        CHECK(wire.answer->body_bytes() == 0);
    }
}

TEST_CASE("a promised length is kept, or the connection is broken off") {
    Wire wire;
    wire.answer->begin({.request_id = "r1"});
    wire.answer->send_head(200, json, 5);
    wire.answer->write("abc");
    SECTION("kept") {
        wire.answer->write("de");
        wire.answer->finish();
        CHECK(wire.read().ends_with("Content-Length: 5\r\n\r\nabcde"));
        CHECK(!wire.answer->incomplete());
    }
    SECTION("less") {
        wire.answer->finish();
        CHECK(wire.answer->incomplete());
        CHECK(wire.answer->closes());
    }
    SECTION("more: nothing of it gets into the next answer") {
        CHECK(wire.answer->write("def") == Pressure::gone);
        CHECK(wire.read().ends_with("abc"));
        CHECK(wire.answer->incomplete());
    }
}

TEST_CASE("a client that reads slowly holds its upstream, and lets it go on") {
    Wire wire;
    wire.answer->begin({.request_id = "r1"});
    wire.answer->send_head(200, events, {});
    const std::string piece(10'000, 'x');
    std::size_t pieces = 1;
    while (wire.answer->write(piece) == Pressure::none) ++pieces;
    CHECK(pieces > 6);
    CHECK(pieces < 40);
    CHECK(wire.writable_wanted);
    bool drained = false;
    wire.answer->on_drained([&] { drained = true; });
    CHECK(!drained);
    // Nothing was read: still full.
    wire.answer->writable();
    CHECK(!drained);
    const auto all = wire.read_all();
    CHECK(drained);
    CHECK(wire.answer->write("y") == Pressure::none);
    bool at_once = false;
    wire.answer->on_drained([&] { at_once = true; });
    CHECK(at_once);
    // All of it arrived, in order, framed.
    const auto body = all.substr(all.find("\r\n\r\n") + 4);
    std::string expected;
    for (std::size_t i = 0; i < pieces; ++i) expected += "2710\r\n" + piece + "\r\n";
    CHECK(body == expected);
}

TEST_CASE("a client that has gone") {
    Wire wire;
    wire.answer->begin({.request_id = "r1"});
    wire.answer->send_head(200, events, {});
    SECTION("while the upstream writes") {
        wire.hang_up();
        wire.answer->write("a");
        CHECK(wire.answer->write("b") == Pressure::gone);
        CHECK(wire.answer->queue("c") == Pressure::gone);
        wire.answer->finish();
        CHECK(wire.answer->incomplete());
        CHECK(wire.answer->closes());
    }
    SECTION("while the upstream waits for it") {
        while (wire.answer->write(std::string(10'000, 'x')) == Pressure::none) {
        }
        bool told = false;
        wire.answer->on_drained([&] { told = true; });
        wire.answer->broken();
        CHECK(told);
        CHECK(wire.outlet->kept() == 0);
    }
}

TEST_CASE("a silent event stream gets comments, between events only") {
    Wire wire;
    const auto later = [&] { return std::chrono::steady_clock::now() + milliseconds(2000); };
    wire.answer->begin({.request_id = "r1"});
    SECTION("of event streams") {
        wire.answer->send_head(200, events, {});
        wire.answer->keep_alive(later(), milliseconds(1000));
        CHECK(wire.read().empty());  // the head has not left yet
        wire.answer->write("data: 1\n\ndata: ");
        (void)wire.read();
        wire.answer->keep_alive(later(), milliseconds(1000));
        CHECK(wire.read().empty());
        wire.answer->write("2\n");
        wire.answer->write("\n");
        (void)wire.read();
        wire.answer->keep_alive(std::chrono::steady_clock::now(), milliseconds(1000));
        CHECK(wire.read().empty());
        wire.answer->keep_alive(later(), milliseconds(1000));
        CHECK(wire.read() == "e\r\n: keep-alive\n\n\r\n");
        wire.answer->finish();
        (void)wire.read();
        wire.answer->keep_alive(later(), milliseconds(1000));
        CHECK(wire.read().empty());
    }
    SECTION("of nothing else") {
        wire.answer->send_head(200, json, {});
        wire.answer->write("{\n\n");
        (void)wire.read();
        wire.answer->keep_alive(later(), milliseconds(1000));
        CHECK(wire.read().empty());
    }
}

TEST_CASE("where an event ends, in whatever pieces it comes") {
    struct Case {
        const char* bytes;
        bool between;
    };
    const Case cases[] = {{"", true},
                          {"\n", false},
                          {"data: 1", false},
                          {"data: 1\n", false},
                          {"data: 1\n\n", true},
                          {"data: 1\r\n\r\n", true},
                          {"data: 1\r\r", true},
                          {"data: 1\r\n", false},
                          {"data: 1\n\n:", false},
                          {"data: 1\n\nd\n\n", true}};
    for (const auto& c : cases) {
        CAPTURE(c.bytes);
        EventBoundary whole;
        whole.feed(c.bytes);
        CHECK(whole.between_events() == c.between);
        EventBoundary bytewise;
        for (const char byte : std::string_view(c.bytes)) bytewise.feed(std::string_view(&byte, 1));
        CHECK(bytewise.between_events() == c.between);
    }
}

TEST_CASE("the date as HTTP writes it") {
    CHECK(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace handover::gateway
