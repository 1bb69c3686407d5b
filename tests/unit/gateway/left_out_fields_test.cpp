#include "gateway/left_out_fields.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

using handover::gateway::LeftOutFields;

TEST_CASE("a field is left out for the first time once at each provider") {
    LeftOutFields fields;
    CHECK(fields.is_first("a", "messages[].name"));
    CHECK_FALSE(fields.is_first("a", "messages[].name"));
    CHECK(fields.is_first("b", "messages[].name"));
    CHECK(fields.is_first("a", "include[]"));
    CHECK_FALSE(fields.is_first("b", "messages[].name"));
}

TEST_CASE("so many fields are remembered and no more") {
    LeftOutFields fields;
    for (std::size_t n = 0; n < LeftOutFields::most; ++n)
        REQUIRE(fields.is_first("a", std::to_string(n)));
    CHECK_FALSE(fields.is_first("a", "one more"));
}

TEST_CASE("of threads that leave out the same field one is the first") {
    constexpr int count = 8;
    LeftOutFields fields;
    std::atomic<int> first = 0;
    std::barrier start(count);
    {
        std::vector<std::jthread> threads;
        threads.reserve(count);
        for (int n = 0; n < count; ++n) {
            threads.emplace_back([&] {
                start.arrive_and_wait();
                for (const auto* field : {"x", "y", "z"})
                    first += fields.is_first("a", field) ? 1 : 0;
            });
        }
    }
    CHECK(first == 3);
}
