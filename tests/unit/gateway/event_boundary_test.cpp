#include "gateway/event_boundary.hpp"

#include <catch2/catch.hpp>

using handover::gateway::whole_events;

TEST_CASE("how much of a text is whole events") {
    struct Case {
        const char* name;
        std::string_view text;
        std::size_t whole;
    };
    const Case cases[] = {
        {"nothing", "", 0},
        {"a line", "data: x", 0},
        {"a line that ended", "data: x\n", 0},
        {"an event", "data: x\n\n", 9},
        {"an event and a beginning", "data: x\n\ndata", 9},
        {"an event and a line", "data: x\n\ndata: y\n", 9},
        {"two events", "data: x\n\ndata: y\n\n", 18},
        {"CRLF", "data: x\r\n\r\n", 11},
        {"CRLF, the last LF to come", "data: x\r\n\r", 10},
        {"CRLF, half of the blank line", "data: x\r\n", 0},
        {"CR", "data: x\r\r", 9},
        {"CR, one", "data: x\r", 0},
        {"mixed", "data: x\n\r\n", 10},
        {"a lone line end", "\n", 0},
        {"nothing but a blank line", "\n\n", 2},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(whole_events(c.text) == c.whole);
        }
    }
}

TEST_CASE("what was looked at is not looked at again") {
    const std::string_view text = "data: x\n\ndata: y\n";
    CHECK(whole_events(text, 0) == 9);
    CHECK(whole_events(text, 8) == 9);
    CHECK(whole_events(text, 9) == 0);
}
