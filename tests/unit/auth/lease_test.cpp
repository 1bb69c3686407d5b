// Leases in one process and across processes, and refreshes across processes.
#include "auth/lease.hpp"

#include <signal.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <barrier>
#include <mutex>
#include <thread>

#include "fake_authority.hpp"
#include "platform/process.hpp"

using namespace handover::auth;
using namespace handover::auth::testing;
using handover::Errc;

namespace {

pid_t start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), AUTH_PROCESS);
    const auto child = handover::platform::spawn({.argv = std::move(arguments)});
    REQUIRE(child);
    return *child;
}

int finish(pid_t child) {
    return handover::platform::wait_or_kill(child, std::chrono::seconds(100)).exited.value_or(-1);
}

long lines_in(const std::filesystem::path& file) {
    const auto text = handover::platform::read_file(file).value().value_or("");
    return std::count(text.begin(), text.end(), '\n');
}

Patience within(int milliseconds) {
    return {.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds)};
}

}  // namespace

TEST_CASE("a lease excludes others of the same subject, in and out of this process") {
    TemporaryFolder folder;
    LeaseTable table(folder.path() / "leases");
    LeaseTable other(folder.path() / "leases");
    auto held = table.take("a", {});
    REQUIRE(held);
    CHECK(held->held());
    CHECK(table.holder("a") == getpid());
    CHECK_FALSE(table.holder("b"));
    CHECK(table.take("a", within(10)).error().code == Errc::provider_unavailable);
    CHECK(other.take("a", within(10)).error().code == Errc::provider_unavailable);
    CHECK(table.take("b", within(10)));
    *held = Lease();
    // Those who gave up may be on their way to the lock still, and give it back: it may be free,
    // theirs for a moment, and free again.
    const auto patience = within(5000);
    auto holder = table.holder("a");
    while (holder && std::chrono::steady_clock::now() < patience.deadline) {
        std::this_thread::yield();
        holder = table.holder("a");
    }
    CHECK_FALSE(holder);
    CHECK(other.take("a", within(5000)));
}

TEST_CASE("waiting for a lease can be cancelled") {
    TemporaryFolder folder;
    LeaseTable table(folder.path() / "leases");
    LeaseTable other(folder.path() / "leases");
    const auto held = table.take("a", {});
    for (auto* from : {&table, &other}) {
        std::stop_source stop;
        std::thread waiter([&] {
            CHECK(from->take("a", {.stop = stop.get_token()}).error().code == Errc::auth_cancelled);
        });
        stop.request_stop();
        waiter.join();
    }
}

TEST_CASE("16 threads take turns") {
    TemporaryFolder folder;
    LeaseTable table(folder.path() / "leases");
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 20; ++round) {
                const auto held = table.take("a", {});
                most = std::max(most.load(), ++inside);
                --inside;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(most == 1);
}

namespace {

// What callbacks of waits said, in their order.
struct Said {
    std::mutex mutex;  // guards said
    std::vector<std::string> said;

    void note(std::string what) {
        const std::lock_guard guard(mutex);
        said.push_back(std::move(what));
    }
    std::vector<std::string> all() {
        const std::lock_guard guard(mutex);
        return said;
    }
    bool wait_for(std::size_t count) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (all().size() < count && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
        return all().size() >= count;
    }
    // Notes its name, or the error's, and gives the lease back.
    std::function<void(handover::Result<Lease>)> noter(std::string name) {
        return [this, name = std::move(name)](handover::Result<Lease> lease) {
            note(lease ? name : name + " " + std::string(code_name(lease.error().code)));
        };
    }
};

std::ptrdiff_t threads_of_this_process() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
}

}  // namespace

TEST_CASE("waits without a thread: in the order of arrival, however many") {
    constexpr int waiters = 20'000;  // one stack frame each would be too many
    TemporaryFolder folder;
    LeaseTable table(folder.path() / "leases");
    const auto threads = threads_of_this_process();
    Said said;
    auto held = table.take("a", {});
    for (int i = 0; i < waiters; ++i)
        table.take_async("a", {.done = said.noter(std::to_string(i))});
    CHECK(table.waiting("a") == waiters);
    CHECK(table.waiting("b") == 0);
    CHECK(threads_of_this_process() <= threads + 1);
    CHECK(said.all().empty());
    *held = Lease();
    const auto order = said.all();  // handed on by the thread that gave it back
    REQUIRE(order.size() == waiters);
    for (int i = 0; i < waiters; ++i) {
        if (order[static_cast<std::size_t>(i)] != std::to_string(i)) FAIL("number " << i);
    }
    CHECK_FALSE(table.holder("a"));
}

TEST_CASE("a free lease is handed over before take_async returns") {
    TemporaryFolder folder;
    LeaseTable table(folder.path() / "leases");
    Lease kept;
    table.take_async("a", {.done = [&](auto lease) { kept = *std::move(lease); }});
    CHECK(kept.held());
    CHECK(table.holder("a") == getpid());
    CHECK_FALSE((*table.take_now("a")).has_value());
    kept = Lease();
    CHECK((*table.take_now("a"))->held());
}

TEST_CASE("those who wait with a thread and those without stand in one line") {
    TemporaryFolder folder;
    LeaseTable table(folder.path() / "leases");
    Said said;
    auto held = table.take("a", {});
    table.take_async("a", {.done = said.noter("first")});
    std::thread second([&] {
        const auto lease = table.take("a", {});
        said.note("second");
    });
    while (table.waiting("a") < 2) std::this_thread::yield();
    table.take_async("a", {.done = said.noter("third")});
    *held = Lease();
    second.join();
    REQUIRE(said.wait_for(3));
    CHECK(said.all() == std::vector<std::string>{"first", "second", "third"});
}

TEST_CASE("a line has room for so many, whoever comes at once") {
    constexpr int callers = 16;
    constexpr std::size_t most = 3;
    TemporaryFolder folder;
    LeaseTable table(folder.path() / "leases");
    LeaseTable other(folder.path() / "leases");
    // The lease is out in this process, or in another one: then the first who waits is in line too.
    for (auto* from : {&table, &other}) {
        Said said;
        auto held = from->take("a", {});
        std::barrier start(callers);
        std::vector<std::thread> threads;
        for (int i = 0; i < callers; ++i) {
            threads.emplace_back([&] {
                start.arrive_and_wait();
                table.take_async("a", {.most_waiting = most, .done = said.noter("turn")});
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(said.all() == std::vector<std::string>(callers - most, "turn PROVIDER_RATE_LIMITED"));
        CHECK(table.waiting("a") == most);
        *held = Lease();
        REQUIRE(said.wait_for(callers));
        CHECK(said.all().back() == "turn");
    }
    // Who need not wait is let in whatever room there is.
    Said said;
    table.take_async("b", {.most_waiting = 0, .done = said.noter("turn")});
    CHECK(said.all() == std::vector<std::string>{"turn"});
}

TEST_CASE("a wait that ends early leaves the others in their places") {
    TemporaryFolder folder;
    LeaseTable table(folder.path() / "leases");
    LeaseTable other(folder.path() / "leases");
    Said said;
    std::stop_source stop;
    // The lease is out in this process, or in another one.
    for (auto* from : {&table, &other}) {
        auto held = from->take("a", {});
        said.said.clear();
        stop = std::stop_source();
        table.take_async("a", {.patience = within(1), .done = said.noter("late")});
        table.take_async("a",
                         {.patience = {.stop = stop.get_token()}, .done = said.noter("stopped")});
        table.take_async("a", {.done = said.noter("patient")});
        REQUIRE(said.wait_for(1));
        stop.request_stop();
        CHECK(said.all() ==
              std::vector<std::string>{"late PROVIDER_UNAVAILABLE", "stopped AUTH_CANCELLED"});
        CHECK(table.waiting("a") == 1);
        *held = Lease();
        REQUIRE(said.wait_for(3));
        CHECK(said.all().back() == "patient");
    }
    // Asked to stop already: it never has a place.
    auto held = table.take("a", {});
    table.take_async("a", {.patience = {.stop = stop.get_token()}, .done = said.noter("never")});
    CHECK(said.all().back() == "never AUTH_CANCELLED");
    CHECK(table.waiting("a") == 0);
}

TEST_CASE("a lease that came when nobody waited for it any more is free again") {
    TemporaryFolder folder;
    LeaseTable table(folder.path() / "leases");
    LeaseTable other(folder.path() / "leases");
    auto held = other.take("a", {});
    CHECK(table.take("a", within(1)).error().code == Errc::provider_unavailable);
    *held = Lease();
    CHECK(other.take("a", {}));
    CHECK(table.take("a", {}));
}

TEST_CASE("the end of the table ends the waits, not the leases") {
    TemporaryFolder folder;
    Said said;
    Lease kept;
    {
        LeaseTable table(folder.path() / "leases");
        kept = *table.take("a", {});
        for (int i = 0; i < 3; ++i) table.take_async("a", {.done = said.noter(std::to_string(i))});
    }
    CHECK(said.all() ==
          std::vector<std::string>{"0 AUTH_CANCELLED", "1 AUTH_CANCELLED", "2 AUTH_CANCELLED"});
    LeaseTable after(folder.path() / "leases");
    CHECK(after.holder("a") == getpid());
    kept = Lease();
    CHECK(after.take("a", {}));
}

TEST_CASE("a folder that cannot be written is each waiter's error") {
    TemporaryFolder folder;
    REQUIRE(handover::platform::replace_file(folder.path() / "leases", "a file"));
    LeaseTable table(folder.path() / "leases");
    Said said;
    CHECK(table.take("a", {}).error().code == Errc::store_io);
    for (int i = 0; i < 2; ++i) table.take_async("a", {.done = said.noter(std::to_string(i))});
    CHECK(said.all() == std::vector<std::string>{"0 STORE_IO", "1 STORE_IO"});
}

TEST_CASE("8 processes on one lease: one at a time") {
    TemporaryFolder folder;
    std::vector<pid_t> children;
    for (int i = 0; i < 8; ++i) children.push_back(start({"lease", folder.path().string(), "25"}));
    for (const auto child : children) CHECK(finish(child) == 0);
    CHECK(lines_in(folder.path() / "rounds") == 200);
}

TEST_CASE("kill -9 of a holder frees the lease; waiters are told who holds it") {
    TemporaryFolder folder;
    const auto child = start({"hold", folder.path().string()});
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (lines_in(folder.path() / "held") == 0 && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    LeaseTable table(folder.path() / "leases");
    CHECK(table.holder("subject") == child);
    std::optional<long> told;
    // Killed from within the notice, which comes after 2 s of waiting.
    const auto taken = table.take("subject", {}, [&](std::optional<long> holder) {
        told = holder;
        (void)kill(child, SIGKILL);
    });
    CHECK(taken);
    CHECK(told == child);
    (void)finish(child);
}

TEST_CASE("16 processes, one expired login: one refresh, everybody gets its result") {
    World world;
    {
        Broker broker(world.services());
        const auto target = target_with({oauth_method()});
        REQUIRE(broker.store_login(target, target.methods.front(), login(at(0))));
    }
    std::vector<pid_t> children;
    for (int i = 0; i < 16; ++i)
        children.push_back(start({"refresh", world.folder.path().string()}));
    for (const auto child : children) CHECK(finish(child) == 0);
    CHECK(lines_in(world.folder.path() / "sent") == 1);
}
