#include "http/sse_decoder.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using handover::http::SseDecoder;
using namespace std::string_literals;

namespace {

struct Event {
    std::string type = {};
    std::string data = {};
    std::string id = {};
    bool operator==(const Event&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Event& event) {
    return out << '{' << event.type << '|' << event.data << '|' << event.id << '}';
}

void drain(SseDecoder& decoder, std::vector<Event>& into) {
    while (true) {
        const auto event = decoder.next();
        REQUIRE(event);
        if (!*event) return;
        into.push_back(
            {std::string((*event)->type), std::string((*event)->data), std::string((*event)->id)});
    }
}

// Cut before every position where `cut` says so.
template <typename Cut>
std::vector<Event> decode(const std::string& bytes, Cut cut) {
    SseDecoder decoder;
    std::vector<Event> events;
    std::size_t start = 0;
    for (std::size_t i = 1; i <= bytes.size(); ++i) {
        if (i < bytes.size() && !cut(i)) continue;
        decoder.feed(std::string_view(bytes).substr(start, i - start));
        drain(decoder, events);
        start = i;
    }
    return events;
}

struct Case {
    const char* name;
    std::string bytes;
    std::vector<Event> events;
};

const Case cases[] = {
    {"one event", "data: hello\n\n", {{"", "hello", ""}}},
    {"no space after the colon", "data:hello\n\n", {{"", "hello", ""}}},
    {"only one space is taken", "data:  hello\n\n", {{"", " hello", ""}}},
    // WHATWG HTML 9.2.6, the examples
    {"stock", "data: YHOO\ndata: +2\ndata: 10\n\n", {{"", "YHOO\n+2\n10", ""}}},
    {"four blocks",
     ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
     {{"", "first event", "1"}, {"", "second event", ""}}},
    {"empty data", "data\n\ndata\ndata\n\ndata:", {{"", "", ""}, {"", "\n", ""}}},
    {"same events", "data:test\n\ndata: test\n\n", {{"", "test", ""}, {"", "test", ""}}},
    {"carriage returns", "event: a\rdata: 1\r\rdata: 2\r\r", {{"a", "1", ""}, {"", "2", ""}}},
    {"both", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", {{"a", "1", ""}, {"", "2", ""}}},
    {"mixed", "data: 1\r\ndata: 2\ndata: 3\r\r\n", {{"", "1\n2\n3", ""}}},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "data: 1\n\n",
     {{"", "1", ""}}},
    {"half a byte order mark is a field name",
     "\xEF\xBB"
     "data: 1\n\ndata: 2\n\n",
     {{"", "2", ""}}},
    {"a second byte order mark is not skipped",
     "\xEF\xBB\xBF\xEF\xBB\xBF"
     "data: 1\n\n",
     {}},
    {"type without data is forgotten", "event: a\n\ndata: 1\n\n", {{"", "1", ""}}},
    {"the last type counts", "event: a\nevent: b\ndata: 1\n\n", {{"b", "1", ""}}},
    {"id stays", "id: 7\ndata: 1\n\ndata: 2\n\n", {{"", "1", "7"}, {"", "2", "7"}}},
    {"id with NUL is ignored", "id: 7\nid: 8\0\ndata: 1\n\n"s, {{"", "1", "7"}}},
    {"comments and unknown fields", ":ping\nfoo: bar\ndata: 1\n: x\n\n", {{"", "1", ""}}},
    {"colon in the value", "data: {\"a\":1}\n\n", {{"", "{\"a\":1}", ""}}},
    {"unfinished", "data: 1\n\ndata: 2\n", {{"", "1", ""}}},
    {"nothing", "", {}},
    {"blank lines", "\n\n\r\n\r", {}},
};

}  // namespace

TEST_CASE("events come out the same however the bytes are cut") {
    std::minstd_rand random(20261122);
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(decode(c.bytes, [](std::size_t) { return false; }) == c.events);
            CHECK(decode(c.bytes, [](std::size_t) { return true; }) == c.events);
            for (std::size_t at = 1; at < c.bytes.size(); ++at) {
                CHECK(decode(c.bytes, [at](std::size_t i) { return i == at; }) == c.events);
            }
            for (int i = 0; i < 20; ++i) {
                CHECK(decode(c.bytes, [&](std::size_t) { return random() % 3 == 0; }) == c.events);
            }
        }
    }
}

TEST_CASE("an event that ends with CR is handed out at once") {
    SseDecoder decoder;
    std::vector<Event> events;
    decoder.feed("data: 1\r\r");
    drain(decoder, events);
    CHECK(events.size() == 1);
    decoder.feed("\ndata: 2\n\n");
    drain(decoder, events);
    CHECK(events == std::vector<Event>{{"", "1", ""}, {"", "2", ""}});
}

TEST_CASE("several pieces may be fed before asking") {
    SseDecoder decoder;
    std::vector<Event> events;
    decoder.feed("data: a\n\nda");
    decoder.feed("ta: b\n\n");
    drain(decoder, events);
    CHECK(events == std::vector<Event>{{"", "a", ""}, {"", "b", ""}});
}

TEST_CASE("retry is digits only") {
    SseDecoder decoder;
    decoder.feed("retry: 1500\nretry: 2x\nretry: -1\nretry:\n\n");
    CHECK(decoder.next());
    CHECK(decoder.retry_milliseconds() == 1500UL);
}

TEST_CASE("an event has a longest length") {
    SECTION("just fits") {
        SseDecoder decoder(10);
        decoder.feed("data:1234\n\n");
        const auto event = decoder.next();
        REQUIRE(event);
        CHECK((*event)->data == "1234");
    }
    SECTION("a line without end") {
        SseDecoder decoder(10);
        decoder.feed("data: 12345");
        CHECK_FALSE(decoder.next());
        decoder.feed("\n\n");
        CHECK_FALSE(decoder.next());
    }
    SECTION("many lines") {
        SseDecoder decoder(10);
        for (int i = 0; i < 4; ++i) decoder.feed("data:123\n");
        CHECK_FALSE(decoder.next());
    }
}
