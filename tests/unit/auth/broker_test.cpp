// The broker over a real file store, with an authority that answers as told: every row of the
// outcome table, the journal, back-off, logout meanwhile, failures of the store at every step.
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <barrier>
#include <thread>

#include "auth/credential_file.hpp"
#include "fake_authority.hpp"
#include "platform/files.hpp"

using namespace handover::auth;
using namespace handover::auth::testing;
using handover::Errc;
using handover::Secret;
using http_delivery = handover::http::Delivery;

namespace {

const CredentialId example = {"example", "default"};

struct BrokerWorld : World {
    Target target = target_with({oauth_method()});
    std::unique_ptr<Broker> broker;

    Broker& open() {
        broker.reset();
        broker = std::make_unique<Broker>(services());
        return *broker;
    }
    // A login that was stored at 0 and expires at `seconds`.
    Broker& logged_in(int seconds) {
        auto& opened = open();
        REQUIRE(opened.store_login(target, target.methods.front(), login(at(seconds))));
        return opened;
    }
    void answer(handover::http::Outcome outcome) {
        const std::lock_guard guard(mutex);
        answers = {std::move(outcome)};
    }
    std::string token() {
        const auto resolved = broker->resolve(target, {});
        return resolved ? std::string((*resolved)->credential.access_token.reveal())
                        : std::string(code_name(resolved.error().code));
    }
    std::optional<Credential> stored() {
        auto loaded = store()->load(example);
        return loaded ? std::move(*loaded) : std::nullopt;
    }
    std::filesystem::path file(const std::string& suffix) {
        return folder.path() / "credentials" / ("example@default" + suffix);
    }
};

}  // namespace

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

TEST_CASE("outcomes of a refresh") {
    struct Case {
        const char* name;
        handover::http::Outcome outcome;
        const char* valid;    // what a caller gets while the token still works
        const char* expired;  // and what once it has expired
        bool journal_open;
        bool login_needed;
    };
    const Case cases[] = {
        {"not sent",
         lost(http_delivery::not_sent),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         false,
         false},
        {"refused for good",
         answered(400, R"({"error":"invalid_grant"})"),
         "sandbox-access-0",
         "AUTH_SESSION_EXPIRED",
         false,
         true},
        {"429", answered(429, "{}"), "sandbox-access-0", "AUTH_REFRESH_UNAVAILABLE", false, false},
        {"500",
         answered(500, "oops"),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         false,
         false},
        {"503",
         answered(503, "<html>"),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         false,
         false},
        {"a bare 401",
         answered(401, ""),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         false,
         false},
        {"answer lost",
         lost(http_delivery::unknown),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         true,
         false},
        {"502", answered(502, ""), "sandbox-access-0", "AUTH_REFRESH_UNAVAILABLE", true, false},
        {"504", answered(504, ""), "sandbox-access-0", "AUTH_REFRESH_UNAVAILABLE", true, false},
        {"200 that does not parse",
         answered(200, "<html>"),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         true,
         false},
    };
    for (const auto& c : cases) {
        for (const bool valid : {true, false}) {
            DYNAMIC_SECTION(c.name << (valid ? ", token works" : ", token expired")) {
                BrokerWorld world;
                world.logged_in(3600);
                world.answer(c.outcome);
                world.now = valid ? 3600 - 100 : 3600;
                CHECK(world.token() == (valid ? c.valid : c.expired));
                CHECK(world.refreshes() == 1);
                CHECK(std::filesystem::exists(world.file(".journal")) == c.journal_open);
                REQUIRE(world.stored());
                CHECK(world.stored()->login_needed.has_value() == c.login_needed);
                // Nobody asks again at once, in this process or another.
                CHECK(world.token() == (valid ? c.valid : c.expired));
                world.open();
                CHECK(world.token() == (valid ? c.valid : c.expired));
                CHECK(world.refreshes() == 1);
            }
        }
    }
}

TEST_CASE("back-off: Retry-After, else 5 s doubling") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(answered(503, ""));
    for (const int pause : {5, 10, 20}) {
        const int before = world.refreshes();
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        CHECK(world.refreshes() == before + 1);
        world.now = world.now + pause - 1;
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        CHECK(world.refreshes() == before + 1);
        world.now = world.now + 1;
    }
    world.answer(answered(429, "", {{"Retry-After", "60"}}));
    CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
    world.answer(tokens(1));
    world.now = world.now + 59;
    CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
    // `auth refresh` does not wait for the pause to end.
    const auto asked = world.broker->refresh(world.target, {});
    REQUIRE(asked);
    CHECK((*asked)->credential.access_token == Secret("sandbox-access-1"));
}

TEST_CASE("the open journal: sent again once, and only when the access token is of no use") {
    BrokerWorld world;
    world.logged_in(3600);
    world.answer(lost(http_delivery::unknown));
    world.now = 3600 - 100;
    CHECK(world.token() == "sandbox-access-0");
    world.answer(tokens(1));
    world.now = 3600 - 1;
    CHECK(world.token() == "sandbox-access-0");
    CHECK_FALSE(world.broker->refresh(world.target, {}));  // not even when asked
    CHECK(world.refreshes() == 1);
    SECTION("the second answer comes") {
        world.now = 3600;
        CHECK(world.token() == "sandbox-access-1");
        CHECK(world.refreshes() == 2);
        CHECK_FALSE(std::filesystem::exists(world.file(".journal")));
    }
    SECTION("the second is lost too: never a third") {
        world.answer(lost(http_delivery::unknown));
        world.now = 3600;
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        world.answer(tokens(1));
        world.now = 10'000;
        CHECK(world.token() == "AUTH_SESSION_EXPIRED");
        CHECK(world.stored()->login_needed->code == "refresh_outcome_unknown");
        CHECK(world.refreshes() == 2);
    }
    SECTION("the second does not leave the machine: it does not count") {
        world.answer(lost(http_delivery::not_sent));
        world.now = 3600;
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        world.answer(tokens(1));
        world.now = 10'000;
        CHECK(world.token() == "sandbox-access-1");
    }
    SECTION("a journal that cannot be read counts as open") {
        REQUIRE(handover::platform::replace_file(world.file(".journal"), "{torn"));
        world.now = 3600 - 1;
        CHECK_FALSE(world.broker->refresh(world.target, {}));
        CHECK(world.refreshes() == 1);
    }
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

TEST_CASE("a refresh that ends after a logout discards its result and revokes it") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(tokens(1));
    auto raised = false;
    {
        const std::lock_guard guard(world.mutex);
        world.before_answer = [&] {
            if (std::exchange(raised, true)) return;
            // As a logout of another process that does not wait for the lock.
            auto store = world.store();
            REQUIRE(store->raise_generation(example, 2));
            REQUIRE(store->force_remove(example));
        };
    }
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
    CHECK_FALSE(world.stored());
    REQUIRE(world.revocations() == 1);
    CHECK_THAT(std::string(world.requests.back().secret_body.reveal()) + world.requests.back().body,
               Catch::Matchers::Contains("sandbox-refresh-1"));
}

TEST_CASE("no room, no lock, no rename: the refresh token is not spent") {
    for (const auto* step : {"allocate", "open"}) {
        for (const auto* suffix : {".json", ".journal", ".lock"}) {
            DYNAMIC_SECTION(step << " " << suffix) {
                BrokerWorld world;
                world.logged_in(0);
                world.answer(tokens(1));
                std::atomic<bool> broken = true;
                world.fault = [&](std::string_view at_step, std::string_view file) {
                    return broken && at_step == step && file.ends_with(suffix) ? ENOSPC : 0;
                };
                if (std::string_view(step) == "allocate" && std::string_view(suffix) == ".lock")
                    return;
                CHECK(world.token() == "STORE_IO");
                CHECK(world.refreshes() == 0);
                broken = false;
                CHECK(world.token() == "sandbox-access-1");
            }
        }
    }
}

TEST_CASE("storing fails after the rotation: used from memory, stored later") {
    for (const auto* step : {"write", "fsync", "rename", "fsync_folder"}) {
        DYNAMIC_SECTION(step) {
            BrokerWorld world;
            world.logged_in(0);
            world.answer(tokens(1));
            std::atomic<bool> broken = true;
            world.fault = [&](std::string_view at_step, std::string_view file) {
                return broken && at_step == step && file.find(".json") != std::string_view::npos
                           ? EIO
                           : 0;
            };
            CHECK(world.token() == "sandbox-access-1");
            CHECK(world.refreshes() == 1);
            broken = false;
            world.broker.reset();  // the last chance to store it
            REQUIRE(world.stored());
            CHECK(world.stored()->refresh_token == Secret("sandbox-refresh-1"));
            CHECK_FALSE(std::filesystem::exists(world.file(".journal")));
        }
    }
}

TEST_CASE("a write that fails once is tried again at once") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(tokens(1));
    std::atomic<int> failures = 1;
    world.fault = [&](std::string_view step, std::string_view file) {
        return step == "write" && file.ends_with(".json-new") && failures-- > 0 ? EIO : 0;
    };
    CHECK(world.token() == "sandbox-access-1");
    CHECK(world.stored()->refresh_token == Secret("sandbox-refresh-1"));
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

TEST_CASE("16 threads, one refresh") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(tokens(1));
    std::barrier start(16);
    std::atomic<int> successes = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            if (world.token() == "sandbox-access-1") ++successes;
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(successes == 16);
    CHECK(world.refreshes() == 1);
}

TEST_CASE("a caller that gives up leaves the refresh to finish") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(tokens(1));
    std::stop_source stop;
    {
        const std::lock_guard guard(world.mutex);
        world.before_answer = [&] { stop.request_stop(); };
    }
    const auto resolved = world.broker->resolve(world.target, {.stop = stop.get_token()});
    // Either it was told to stop first or the answer was quicker; the new credential is stored in
    // both.
    if (!resolved) CHECK(resolved.error().code == Errc::auth_cancelled);
    world.broker.reset();
    CHECK(world.stored()->access_token == Secret("sandbox-access-1"));
}
