#include "limits/ledgers.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <thread>

#include "limits/ledger_file.hpp"

using namespace handover;
using namespace handover::limits;
using namespace std::chrono_literals;

namespace {

const Time now = *text::parse_rfc3339("2026-11-22T12:00:00Z");
const Use use = {.name = "codex@default", .generation = 7};
using How = Answered::How;

class Folder {
public:
    Folder() {
        char name[] = "/tmp/handover-ledgers-XXXXXX";
        path = mkdtemp(name);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }

    [[nodiscard]] Ledger stored() const { return LedgerFile(path, use.name).load(); }

    std::filesystem::path path;
};

Window window(const char* name, double used) {
    return {.name = name, .used_percent = used, .resets_at = now + 1h, .observed_at = now};
}

Answered success(std::vector<Window> windows = {}, Time sent_at = now) {
    return {.how = How::success, .windows = std::move(windows), .sent_at = sent_at};
}

Answered refusal(std::optional<Time> until) {
    return {.how = How::quota_exhausted, .until = until, .reason = "used up", .sent_at = now};
}

}  // namespace

TEST_CASE("a quota refusal stops the next request, of every process, until its time") {
    const Folder folder;
    Ledgers here(folder.path);
    CHECK(here.admit(use, now).admission == Admission::go);
    here.learn(use, refusal(now + 2h), now);
    Ledgers elsewhere(folder.path);
    for (auto* ledgers : {&here, &elsewhere}) {
        const auto refused = ledgers->admit(use, now + 1min);
        CHECK(refused.admission == Admission::refuse);
        CHECK(refused.next.blocked->until == now + 2h);
        CHECK(ledgers->admit({.name = use.name, .generation = 8}, now).admission == Admission::go);
        CHECK(ledgers->admit({.name = "other@default", .generation = 7}, now).admission ==
              Admission::go);
    }
    CHECK(here.admit(use, now + 2h).admission == Admission::go);
}

TEST_CASE("of all processes one probes; its success frees the rest") {
    const Folder folder;
    Ledgers here(folder.path);
    Ledgers elsewhere(folder.path);
    here.learn(use, refusal(std::nullopt), now);
    const auto later = now + probe_interval;
    CHECK(elsewhere.admit(use, later).admission == Admission::probe);
    CHECK(here.admit(use, later).admission == Admission::refuse);
    elsewhere.learn(use, success({}, later), later);
    CHECK(here.admit(use, later).admission == Admission::go);
    CHECK_FALSE(folder.stored().blocked);
}

TEST_CASE("a success that was sent before the block does not end it") {
    const Folder folder;
    Ledgers ledgers(folder.path);
    ledgers.learn(use, refusal(now + 2h), now);
    ledgers.learn(use, success({}, now - 5s), now + 1s);
    CHECK(folder.stored().blocked);
    ledgers.learn(use, {.how = How::failure, .sent_at = now + 5s}, now + 6s);
    CHECK(folder.stored().blocked);
}

TEST_CASE("windows are written at most once a second, and the last ones at the end") {
    const Folder folder;
    {
        Ledgers ledgers(folder.path);
        ledgers.learn(use, success({window("primary", 1)}), now);
        CHECK(folder.stored().windows == std::vector<Window>{window("primary", 1)});
        for (const double used : {2.0, 3.0, 4.0})
            ledgers.learn(use, success({window("primary", used), window("secondary", 50)}), now);
        CHECK(folder.stored().windows == std::vector<Window>{window("primary", 1)});
        // A block does not wait, and takes along what was held back.
        ledgers.learn(use, refusal(now + 1h), now);
        CHECK(folder.stored().windows.size() == 2);
        CHECK(folder.stored().blocked);
        ledgers.learn(use, {.how = How::failure, .windows = {window("primary", 99)}}, now);
        CHECK(folder.stored().windows.front().used_percent == 4.0);
    }
    const auto at_the_end = folder.stored().windows;
    const auto primary = std::find_if(at_the_end.begin(), at_the_end.end(), [](const auto& known) {
        return known.name == "primary";
    });
    REQUIRE(primary != at_the_end.end());
    CHECK(primary->used_percent == 99.0);
}

TEST_CASE("a block of this process's own counts at once") {
    const Folder folder;
    Ledgers ledgers(folder.path);
    for (int n = 0; n < 3; ++n) CHECK(ledgers.admit(use, now).admission == Admission::go);
    ledgers.learn(use, refusal(now + 1h), now);
    CHECK(ledgers.admit(use, now).admission == Admission::refuse);
}

TEST_CASE("many threads, one ledger") {
    const Folder folder;
    Ledgers ledgers(folder.path);
    {
        std::vector<std::jthread> threads;
        for (int n = 0; n < 8; ++n) {
            threads.emplace_back([&] {
                for (int i = 0; i < 50; ++i) {
                    (void)ledgers.admit(use, now);
                    ledgers.learn(use, success({window("primary", i)}), now);
                }
            });
        }
    }
    CHECK(folder.stored().windows.size() == 1);
    CHECK(ledger_names(folder.path) == std::vector<std::string>{use.name});
}
