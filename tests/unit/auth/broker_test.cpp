// What the broker gives for a request: the token at hand, its successor, another one after a 401,
// nothing after a logout.
#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

#include "broker_world.hpp"

using namespace handover::auth;
using namespace handover::auth::testing;
using handover::Errc;
using handover::Secret;

TEST_CASE("a fresh token is used as it is") {
    BrokerWorld world;
    world.logged_in(3600);
    CHECK(world.token() == "sandbox-access-0");
    world.now = 3600 - 301;
    CHECK(world.token() == "sandbox-access-0");
    CHECK(world.refreshes() == 0);
}

TEST_CASE("a due token is refreshed, stored and published") {
    BrokerWorld world;
    world.logged_in(3600);
    world.answer(tokens(1));
    world.now = 3600 - 300;
    CHECK(world.token() == "sandbox-access-1");
    CHECK(world.token() == "sandbox-access-1");
    CHECK(world.refreshes() == 1);
    const auto stored = world.stored();
    REQUIRE(stored);
    CHECK(stored->refresh_token == Secret("sandbox-refresh-1"));
    CHECK(stored->generation == 2);
    CHECK(world.store()->generation(example) == 2);
    CHECK_FALSE(std::filesystem::exists(world.file(".journal")));
    CHECK_FALSE(std::filesystem::exists(world.file(".refresh")));
    CHECK_FALSE(std::filesystem::exists(world.file(".json-new")));
}

TEST_CASE("an absent refresh token keeps the old one") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(answered(200, R"({"access_token":"sandbox-access-1","expires_in":3600})"));
    CHECK(world.token() == "sandbox-access-1");
    CHECK(world.stored()->refresh_token == Secret("sandbox-refresh-0"));
}

TEST_CASE("a 401 from upstream: another stored token first, else one refresh") {
    BrokerWorld world;
    world.logged_in(3600);
    const auto first = world.broker->resolve(world.target, {});
    REQUIRE(first);
    world.answer(tokens(1));
    SECTION("refresh") {
        const auto next = world.broker->recover(world.target, **first, {});
        REQUIRE(next);
        CHECK((*next)->credential.access_token == Secret("sandbox-access-1"));
        const auto late = world.broker->recover(world.target, **first, {});
        REQUIRE(late);
        CHECK((*late)->credential.access_token == Secret("sandbox-access-1"));
        CHECK(world.refreshes() == 1);
    }
    SECTION("somebody else has refreshed") {
        Broker other(world.services());
        REQUIRE(other.refresh(world.target, {}));
        const auto next = world.broker->recover(world.target, **first, {});
        REQUIRE(next);
        CHECK((*next)->credential.access_token == Secret("sandbox-access-1"));
        CHECK(world.refreshes() == 1);
    }
    SECTION("logged out meanwhile") {
        REQUIRE(world.broker->logout(world.target, false, {}));
        const auto next = world.broker->recover(world.target, **first, {});
        REQUIRE_FALSE(next);
        CHECK(next.error().code == Errc::auth_not_logged_in);
    }
}

TEST_CASE("an upstream that refuses every token does not cost a refresh for each request") {
    BrokerWorld world;
    world.logged_in(3600);
    int number = 0;
    // What a request gets that was refused with the token of now: another token, or an error.
    const auto after_401 = [&] {
        const auto shown = world.broker->resolve(world.target, {});
        REQUIRE(shown);
        world.answer(tokens(++number));
        const auto next = world.broker->recover(world.target, **shown, {});
        return next ? "another token" : std::string(code_name(next.error().code));
    };
    int refreshes = 0;
    for (const int pause : {5, 10, 20}) {
        CHECK(after_401() == "another token");
        CHECK(world.refreshes() == ++refreshes);
        world.now = world.now + pause - 1;
        CHECK(after_401() == "AUTH_SESSION_EXPIRED");
        world.open();  // nor in another process
        CHECK(after_401() == "AUTH_SESSION_EXPIRED");
        CHECK(world.refreshes() == refreshes);
        CHECK(world.broker->status(world.target)->front().note.empty());
        CHECK(world.broker->status(world.target)->front().status == Status::authenticated);
        world.now = world.now + 1;
    }
    SECTION("long after, it is news again") {
        world.now = world.now + 600;
        CHECK(after_401() == "another token");
        world.now = world.now + 5;
        CHECK(after_401() == "another token");
    }
    SECTION("what is due is refreshed, whatever the upstream said") {
        CHECK(after_401() == "another token");
        world.answer(tokens(50));
        const auto asked = world.broker->refresh(world.target, {});
        REQUIRE(asked);
        CHECK((*asked)->credential.access_token == Secret("sandbox-access-50"));
        CHECK(after_401() == "another token");
    }
}

TEST_CASE("a key is not refreshed") {
    BrokerWorld world;
    world.target = target_with({key_method()});
    world.variables = {{"EXAMPLE_API_KEY", "sandbox-key"}};
    auto& broker = world.open();
    const auto resolved = broker.resolve(world.target, {});
    REQUIRE(resolved);
    CHECK((*resolved)->credential.api_key == Secret("sandbox-key"));
    CHECK(broker.recover(world.target, **resolved, {}).error().code == Errc::provider_rejected);
    CHECK(broker.refresh(world.target, {}).error().code == Errc::auth_session_expired);
}

TEST_CASE("logout removes and revokes, the generation stays") {
    BrokerWorld world;
    world.logged_in(3600);
    CHECK(world.broker->logout(world.target, true, {}).value());
    CHECK(world.revocations() == 1);
    CHECK_FALSE(world.stored());
    CHECK(world.store()->generation(example) == 2);
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
    CHECK_FALSE(world.broker->logout(world.target, true, {}).value());
    world.logged_in(3600);
    CHECK(world.stored()->generation > 2);
}

TEST_CASE("changes by others are seen") {
    BrokerWorld world;
    world.logged_in(3600);
    CHECK(world.token() == "sandbox-access-0");
    {
        Broker other(world.services());
        REQUIRE(other.logout(world.target, false, {}));
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
    while (world.token() != "AUTH_NOT_LOGGED_IN" && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
}

TEST_CASE("a credential issued for something else is neither sent nor refreshed") {
    BrokerWorld world;
    world.logged_in(3600);
    world.target.methods.front().endpoints.token_endpoint = "https://evil.example/token";
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
    world.now = 4000;
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
    CHECK(world.broker->status(world.target)->front().status == Status::login_needed);
    CHECK(world.refreshes() == 0);
}

TEST_CASE("resolve_now gives what resolve would give at once, and nothing else") {
    BrokerWorld world;
    auto& broker = world.logged_in(3600);
    CHECK_FALSE(broker.resolve_now(world.target));
    const auto resolved = broker.resolve(world.target, {});
    REQUIRE(resolved);
    CHECK(broker.resolve_now(world.target) == *resolved);
    auto other = world.target;
    other.account = "other";
    CHECK_FALSE(broker.resolve_now(other));
    other = world.target;
    other.methods.front().client_id = "another";
    CHECK_FALSE(broker.resolve_now(other));
    world.now = 3600 - 300;
    CHECK_FALSE(broker.resolve_now(world.target));
    CHECK(world.refreshes() == 0);
}
