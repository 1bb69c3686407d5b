#include "gateway/request_slots.hpp"

#include <catch2/catch.hpp>

#include <barrier>
#include <string>
#include <thread>
#include <vector>

using namespace handover::gateway;

namespace {

using Place = Turn::Place;

struct Line {
    std::shared_ptr<RequestSlots> slots = std::make_shared<RequestSlots>();
    std::string woken = {};

    struct Asked {
        std::unique_ptr<Turn> turn;
        Place place;
    };
    Asked ask(char name, std::size_t most_waiting = 10) {
        auto turn = std::make_unique<Turn>(slots);
        const auto place = turn->take(most_waiting, [this, name] { woken += name; });
        CHECK(turn->has_slot() == (place == Place::has_slot));
        return {.turn = std::move(turn), .place = place};
    }
};

}  // namespace

TEST_CASE("slots: as many at once as are allowed, the others in their order") {
    Line line;
    CHECK_FALSE(line.slots->limited());
    line.slots->allow(2);
    CHECK(line.slots->limited());
    auto a = line.ask('a');
    auto b = line.ask('b');
    auto c = line.ask('c');
    auto d = line.ask('d');
    CHECK(a.place == Place::has_slot);
    CHECK(b.place == Place::has_slot);
    CHECK(c.place == Place::in_line);
    CHECK(d.place == Place::in_line);
    CHECK(line.slots->waiting() == 2);
    b.turn.reset();
    CHECK(line.woken == "c");
    CHECK(c.turn->has_slot());
    CHECK_FALSE(d.turn->has_slot());
    CHECK(line.ask('e').place == Place::in_line);  // and gone again
    CHECK(line.slots->waiting() == 1);
    c.turn.reset();
    a.turn.reset();
    CHECK(line.woken == "cd");
    CHECK(line.slots->waiting() == 0);
    CHECK(line.ask('f').place == Place::has_slot);
}

TEST_CASE("slots: a line has room for so many") {
    Line line;
    line.slots->allow(1);
    const auto a = line.ask('a', 0);  // who need not wait needs no room
    CHECK(a.place == Place::has_slot);
    CHECK(line.ask('b', 0).place == Place::line_is_full);
    const auto c = line.ask('c', 1);
    CHECK(c.place == Place::in_line);
    CHECK(line.ask('d', 1).place == Place::line_is_full);
    CHECK(line.ask('e', 2).place == Place::in_line);
    CHECK(line.slots->waiting() == 1);
}

TEST_CASE("slots: the bound may change while requests are in flight and in line") {
    Line line;
    line.slots->allow(1);
    auto a = line.ask('a');
    const auto b = line.ask('b');
    const auto c = line.ask('c');
    const auto d = line.ask('d');
    SECTION("raised") {
        line.slots->allow(3);
        CHECK(line.woken == "bc");
    }
    SECTION("lowered: what is in flight goes on, nobody comes after it for a while") {
        line.slots->allow(3);
        line.slots->allow(1);
        a.turn.reset();
        CHECK(line.woken == "bc");
        CHECK(line.ask('e').place == Place::in_line);
    }
    SECTION("none any more") {
        line.slots->allow({});
        CHECK(line.woken == "bcd");
        CHECK_FALSE(line.slots->limited());
    }
}

TEST_CASE("slots: from many threads never more than allowed, and nobody is forgotten") {
    constexpr int callers = 8;
    constexpr int rounds = 200;
    const auto slots = std::make_shared<RequestSlots>();
    slots->allow(3);
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    std::barrier start(callers);
    std::vector<std::thread> threads;
    for (int i = 0; i < callers; ++i) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            for (int round = 0; round < rounds; ++round) {
                const auto woken = std::make_shared<std::atomic<bool>>(false);
                const auto wake = [woken] {
                    *woken = true;
                    woken->notify_one();
                };
                Turn turn(slots);
                if (turn.take(callers, wake) == Place::in_line) woken->wait(false);
                const int now = ++inside;
                for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                }
                --inside;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(most <= 3);
    CHECK(slots->waiting() == 0);
}

TEST_CASE("a table's slots last, and are bounded by the newest config") {
    SlotTable table;
    const auto one = table.of("one");
    table.allow({{"one", 2}, {"other", 5}});
    CHECK(one->most() == 2);
    CHECK(table.of("other")->most() == 5);
    table.allow({{"other", 6}});
    CHECK_FALSE(one->limited());
    CHECK(table.of("one") == one);
    CHECK(table.of("other")->most() == 6);
}
