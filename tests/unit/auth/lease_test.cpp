// Leases in one process and across processes, and refreshes across processes.
#include "auth/lease.hpp"

#include <signal.h>
#include <catch2/catch.hpp>

#include <algorithm>
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
    CHECK_FALSE(table.holder("a"));
    CHECK(other.take("a", within(10)));
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
