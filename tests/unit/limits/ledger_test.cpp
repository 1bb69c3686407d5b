#include "limits/ledger.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <thread>

#include "limits/ledger_file.hpp"

using namespace handover;
using namespace handover::limits;
using namespace std::chrono_literals;

namespace {

const Time now = *text::parse_rfc3339("2026-11-22T12:00:00Z");

Window window(const char* name, double used, Time resets_at) {
    return {.name = name,
            .used_percent = used,
            .limit = {},
            .remaining = {},
            .length = 5h,
            .resets_at = resets_at,
            .source = FactSource::header,
            .observed_at = now};
}

}  // namespace

TEST_CASE("a block holds until its time, is probed in between, and belongs to one generation") {
    const auto blocked = block({}, now + 72h, "weekly limit\n\x1b[2J", 7, now);
    REQUIRE(blocked.blocked);
    CHECK(blocked.blocked->reason == "weekly limit [2J");
    struct Case {
        const char* name;
        std::uint64_t generation;
        Time at;
        Admission expected;
    };
    const Case cases[] = {
        {"at once", 7, now, Admission::refuse},
        {"just before a probe", 7, now + probe_interval - 1ms, Admission::refuse},
        {"time for a probe", 7, now + probe_interval, Admission::probe},
        {"just before the reset", 7, now + 72h - 1ms, Admission::probe},
        {"at the reset", 7, now + 72h, Admission::go},
        {"after another login", 8, now, Admission::go},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(admit(blocked, c.generation, c.at).admission == c.expected);
        }
    }
    const auto probing = admit(blocked, 7, now + probe_interval);
    CHECK(admit(probing.next, 7, now + probe_interval + 1ms).admission == Admission::refuse);
    CHECK(admit(unblock(blocked), 7, now).admission == Admission::go);
    CHECK(admit(block({}, {}, "", 7, now), 7, now + 1000h).admission == Admission::probe);
}

TEST_CASE("newer facts replace older ones of the same name; old windows are forgotten") {
    auto ledger = observe({}, {window("primary", 10, now + 1h), window("old", 99, now - 24h)}, now);
    ledger = observe(ledger, {window("primary", 20, now + 1h)}, now + 1s);
    REQUIRE(ledger.windows.size() == 1);
    CHECK(ledger.windows[0].used_percent == 20);
    CHECK(describe(ledger.windows[0], now) ==
          "primary 20 % used of 5 h 0 min, resets in 1 h 0 min");
}

TEST_CASE("the file's form is read back, and damage is nothing known") {
    auto ledger = block({}, now + 1h, "why", 3, now);
    ledger = observe(ledger, {window("primary", 12.5, now + 1h)}, now);
    Window counted{.name = "requests",
                   .used_percent = {},
                   .limit = 100,
                   .remaining = 99,
                   .length = {},
                   .resets_at = {},
                   .source = FactSource::error,
                   .observed_at = now};
    ledger = observe(ledger, {counted}, now);
    CHECK(parse_ledger(print_ledger(ledger)) == ledger);
    CHECK(describe(counted, now) == "requests 99 of 100 left");
    for (const auto* bad : {"", "[]", "{}", "{\"windows\":1}"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_ledger(bad));
    }
    CHECK(parse_ledger(R"({"windows":[1,{"name":"x"}],"blocked":{}})") == Ledger{});
}

TEST_CASE("of many who ask at once one may probe") {
    std::string folder = "/tmp/handover-limits-XXXXXX";
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    LedgerFile file(folder, "codex@default");
    file.update([](Ledger ledger) { return block(std::move(ledger), now + 72h, "", 1, now); });
    std::atomic<int> probes = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 16; ++i) {
            threads.emplace_back([&] {
                LedgerFile own(folder, "codex@default");
                if (own.admit(1, now + 1h).admission == Admission::probe) ++probes;
            });
        }
    }
    CHECK(probes == 1);
    CHECK(file.clear());
    CHECK_FALSE(file.clear());
    CHECK(file.load() == Ledger{});
    std::filesystem::remove_all(folder);
}
