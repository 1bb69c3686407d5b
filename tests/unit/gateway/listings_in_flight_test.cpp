#include "gateway/listings_in_flight.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <barrier>
#include <string>
#include <thread>
#include <vector>

using handover::gateway::ListingsInFlight;

TEST_CASE("the first begins, the others wait for its end") {
    ListingsInFlight listings;
    std::string told;
    CHECK(listings.join("one", [&] { told += 'a'; }));
    CHECK_FALSE(listings.join("one", [&] { told += 'b'; }));
    CHECK(listings.join("two", [&] { told += 'c'; }));
    CHECK(told.empty());
    listings.end("one");
    CHECK(told == "ab");
    listings.end("one");  // told once
    CHECK(told == "ab");
    listings.end("two");
    CHECK(told == "abc");
}

TEST_CASE("after the end another one begins, also from within it") {
    ListingsInFlight listings;
    bool again = false;
    CHECK(listings.join("one", [&] { again = listings.join("one", [] {}); }));
    listings.end("one");
    CHECK(again);
    CHECK_FALSE(listings.join("one", [] {}));
    listings.end("one");
    CHECK(listings.join("one", [] {}));
}

TEST_CASE("of many threads one begins, and all are told") {
    constexpr int threads = 16;
    ListingsInFlight listings;
    std::atomic<int> begun = 0;
    std::atomic<int> told = 0;
    std::barrier together(threads);
    {
        std::vector<std::jthread> all;
        all.reserve(threads);
        for (int i = 0; i < threads; ++i) {
            all.emplace_back([&] {
                together.arrive_and_wait();
                const bool first = listings.join("one", [&] { ++told; });
                together.arrive_and_wait();
                if (!first) return;
                ++begun;
                listings.end("one");
            });
        }
    }
    CHECK(begun == 1);
    CHECK(told == threads);
}
