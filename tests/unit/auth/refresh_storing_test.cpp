// A refresh while something happens to its store or its callers: no room, failures at every step, a
// logout meanwhile, many at once.
#include <catch2/catch.hpp>

#include <atomic>
#include <barrier>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "broker_world.hpp"

using namespace handover::auth;
using namespace handover::auth::testing;
using handover::Errc;
using handover::Secret;

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

TEST_CASE("16 threads, one refresh") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(tokens(1));
    std::barrier start(16);
    std::atomic<int> successes = 0;
    std::vector<std::thread> threads;
    threads.reserve(16);
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
