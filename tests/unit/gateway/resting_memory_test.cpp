#include "gateway/resting_memory.hpp"

#include <catch2/catch.hpp>

#include <string_view>

using handover::gateway::process_memory;
using handover::gateway::RestingMemory;

namespace {

constexpr std::size_t megabyte = 1U << 20U;

struct FakeProcess {
    std::size_t resident = 8 * megabyte;
    std::size_t after_trim = 8 * megabyte;
    int trims = 0;

    RestingMemory watched() {
        return RestingMemory({.resident = [this] { return resident; },
                              .trim =
                                  [this] {
                                      ++trims;
                                      resident = after_trim;
                                  }});
    }
};

// 'b': busy, 'q': quiet; one look each.
void look(RestingMemory& memory, std::string_view looks) {
    for (const char one : looks) memory.look(one == 'b');
}

}  // namespace

TEST_CASE("memory goes back at the third quiet look after work that made it grow") {
    struct Case {
        const char* name;
        const char* looks;
        std::size_t grown;
        int trims;
    };
    const Case cases[] = {
        {"two quiet looks", "bqq", 20 * megabyte, 0},
        {"three", "bqqq", 20 * megabyte, 1},
        {"not one after the other", "bqqbqqbqq", 20 * megabyte, 0},
        {"once for a rest", "bqqqqqqqqqqq", 20 * megabyte, 1},
        {"busy all the time", "bbbbbbbb", 20 * megabyte, 0},
        {"what came between two looks counts too", "qqq", 20 * megabyte, 1},
        {"not worth it", "bqqq", 4 * megabyte - 1, 0},
        {"just worth it", "bqqq", 4 * megabyte, 1},
        {"after the next work it is as at the start", "bqqqbqqq", 20 * megabyte, 1},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            FakeProcess process;
            auto memory = process.watched();
            process.resident += c.grown;
            look(memory, c.looks);
            CHECK(process.trims == c.trims);
        }
    }
}

TEST_CASE("what a trim cannot give back is not tried again at each rest") {
    FakeProcess process;
    auto memory = process.watched();
    process.resident = 30 * megabyte;
    process.after_trim = 16 * megabyte;
    look(memory, "bqqqbqqqbqqq");
    CHECK(process.trims == 1);
    process.resident = 20 * megabyte;
    look(memory, "bqqq");
    CHECK(process.trims == 2);
}

TEST_CASE("a process whose memory is not known is left alone") {
    FakeProcess process;
    process.resident = 0;
    auto memory = process.watched();
    look(memory, "bqqqbqqq");
    CHECK(process.trims == 0);
}

TEST_CASE("this process") {
    const auto memory = process_memory();
    CHECK(memory.resident() > megabyte);
    memory.trim();
    CHECK(memory.resident() > megabyte);
}
