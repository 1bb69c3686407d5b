// Gives memory back to the system once the gateway rests. glibc keeps what many streams at a time
// needed: their last small pieces pin the heap's end, and nothing before that goes back by itself.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace handover::gateway {

// This process's, as the system counts it; a double in tests.
struct ProcessMemory {
    std::function<std::size_t()> resident = {};  // bytes; 0: not known
    std::function<void()> trim = {};  // takes milliseconds, while nobody else can allocate
};
ProcessMemory process_memory();

class RestingMemory {
public:
    explicit RestingMemory(ProcessMemory memory = process_memory())
        : memory_(std::move(memory)), at_rest_(memory_.resident()) {}

    // Once a second: whether any request is being answered. Trims when none was for a while, and
    // what is held has grown by what makes that worth the time.
    void look(bool busy);

private:
    ProcessMemory memory_;
    std::size_t at_rest_;  // what was held at the start, later after the last trim
    int quiet_looks_ = 0;
};

}  // namespace handover::gateway
