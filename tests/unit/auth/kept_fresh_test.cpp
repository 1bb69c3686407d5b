// Refreshing ahead of time, in the background: who waits for it, and who does not.
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "broker_world.hpp"

using namespace handover::auth;
using namespace handover::auth::testing;
using handover::Secret;

namespace {

// A world whose clock is the machine's: background threads sleep by it.
struct TimedWorld : BrokerWorld {
    using Clock = std::chrono::system_clock;

    void open_timed() {
        auto parts = services();
        parts.clock = [] { return Clock::now(); };
        broker = std::make_unique<Broker>(std::move(parts));
    }
    // A login that is due and works for another minute.
    static Credential due_login() {
        auto credential = login(Clock::now() + std::chrono::minutes(1));
        credential.obtained_at = Clock::now() - std::chrono::minutes(3);
        return credential;
    }
    void log_in(Broker& by) {
        REQUIRE(by.store_login(target, target.methods.front(), due_login()));
    }
    std::string token_now() {
        const auto resolved = broker->resolve_now(target);
        return resolved ? std::string(resolved->credential.access_token.reveal()) : "";
    }
};

}  // namespace

TEST_CASE("kept fresh: refreshed in the background while requests go on with the current token") {
    TimedWorld world;
    world.open_timed();
    std::atomic<bool> may_answer = false;
    world.answer(tokens(1));
    world.before_answer = [&] {
        while (!may_answer) std::this_thread::yield();
    };
    const auto target = world.broker->keep_fresh(world.target);
    CHECK(world.broker->keep_fresh(world.target) == target);
    world.log_in(*world.broker);
    CHECK(world.token() == "sandbox-access-0");
    CHECK(eventually([&] { return world.refreshes() == 1; }));
    // Nobody waits while the authority is asked, not even where the store has to be read.
    CHECK(world.token_now() == "sandbox-access-0");
    CHECK(world.broker->resolve(*target, {.deadline = {}}));
    may_answer = true;
    CHECK(eventually([&] { return world.token_now() == "sandbox-access-1"; }));
    CHECK(world.broker->resolve_now(*target) == *world.broker->resolve(world.target, {}));
    CHECK(world.refreshes() == 1);
    CHECK(world.refreshes_told() == "example ok;");
}

TEST_CASE("kept fresh: logins and logouts of others are followed") {
    TimedWorld world;
    world.open_timed();
    world.answer(tokens(1));
    (void)world.broker->keep_fresh(world.target);
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
    Broker other(world.services());
    world.log_in(other);
    CHECK(world.token() == "sandbox-access-0");
    CHECK(eventually([&] { return world.token_now() == "sandbox-access-1"; }));
    REQUIRE(other.logout(world.target, false, {}));
    CHECK(eventually([&] { return world.token() == "AUTH_NOT_LOGGED_IN"; }));
    CHECK(world.refreshes() == 1);
}

TEST_CASE("kept fresh: targets may come while others are looked after") {
    TimedWorld world;
    world.open_timed();
    world.answer(tokens(1));
    std::vector<std::shared_ptr<const Target>> kept;
    for (int account = 0; account < 40; ++account) {
        world.target.account = std::to_string(account);
        auto due = TimedWorld::due_login();
        due.id.account = world.target.account;
        REQUIRE(world.broker->store_login(world.target, world.target.methods.front(), due));
        kept.push_back(world.broker->keep_fresh(world.target));
        // Its thread goes on with this one, and then waits.
        CHECK(eventually([&] { return world.refreshes() == account + 1; }));
    }
    for (const auto& target : kept) {
        CHECK(eventually([&] {
            const auto resolved = world.broker->resolve(*target, {});
            return resolved && (*resolved)->credential.access_token == Secret("sandbox-access-1");
        }));
    }
    CHECK(world.refreshes() == 40);
}

TEST_CASE("kept fresh: a dead authority is left alone for a while, and stops nobody") {
    TimedWorld world;
    world.open_timed();
    (void)world.broker->keep_fresh(world.target);
    world.log_in(*world.broker);
    CHECK(world.token() == "sandbox-access-0");
    CHECK(eventually([&] { return world.store()->record(example).has_value(); }));
    for (int i = 0; i < 100; ++i) CHECK(world.token() == "sandbox-access-0");
    CHECK(world.token_now() == "sandbox-access-0");
    CHECK(world.refreshes() == 1);
    CHECK(eventually([&] { return !world.refreshes_told().empty(); }));
    CHECK(world.refreshes_told() == "example failed;");
}

TEST_CASE("while the token works nobody waits long for a refresh; it goes on") {
    BrokerWorld world;
    world.logged_in(3600);
    world.answer(tokens(1));
    std::atomic<bool> may_answer = false;
    world.before_answer = [&] {
        while (!may_answer) std::this_thread::yield();
    };
    world.now = 3600 - 100;
    const auto begun = std::chrono::steady_clock::now();
    CHECK(world.token() == "sandbox-access-0");
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(1900));
    may_answer = true;
    CHECK(eventually([&] { return world.token() == "sandbox-access-1"; }));
    CHECK(world.refreshes() == 1);
}
