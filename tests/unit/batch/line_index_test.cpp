#include "batch/line_index.hpp"

#include <catch2/catch.hpp>

#include <string>

using handover::batch::LineIndex;

TEST_CASE("a million lines take less than 16 bytes each and none collide") {
    LineIndex index;
    constexpr std::size_t lines = 1'000'000;
    for (std::size_t i = 0; i < lines; ++i) index.add("request-" + std::to_string(i));
    CHECK(index.seal().empty());
    CHECK(index.size() == lines);
    CHECK(index.bytes() < 16 * lines);
    CHECK(index.mark("request-999999", true));
    CHECK(index.is_marked("request-999999"));
    CHECK_FALSE(index.is_marked("request-999998"));
    CHECK_FALSE(index.contains("request-1000000"));
}

TEST_CASE("marks and repeats") {
    LineIndex index(7);
    for (const auto* id : {"a", "b", "a", "c", "a", "b"}) index.add(id);
    const auto repeated = index.seal();
    CHECK(repeated.size() == 2);
    CHECK(index.mark("c", true));
    CHECK(index.mark("c", true));
    CHECK(index.marked() == 1);
    CHECK(index.mark("c", false));
    CHECK(index.marked() == 0);
    CHECK_FALSE(index.mark("unknown", true));
    CHECK(LineIndex(1).hash("a") != LineIndex(2).hash("a"));
}
