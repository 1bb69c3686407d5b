#include "gateway/resting_memory.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

#include "log/log.hpp"
#include "platform/files.hpp"

namespace handover::gateway {
namespace {

// Long enough for what follows one request after the other not to be a rest.
constexpr int looks_until_rest = 3;
constexpr std::size_t worth_trimming = 4U << 20U;

// proc(5): the second number of statm, in pages.
std::size_t resident() {
    const auto text = platform::read_file("/proc/self/statm", 256);
    if (!text || !*text) return 0;
    const std::string_view numbers = **text;
    const auto space = numbers.find(' ');
    if (space == std::string_view::npos) return 0;
    std::size_t pages = 0;
    const auto* const end = numbers.data() + numbers.size();
    const auto read = std::from_chars(numbers.data() + space + 1, end, pages);
    return read.ec == std::errc() ? pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

ProcessMemory process_memory() {
    return {.resident = resident, .trim = [] { (void)malloc_trim(0); }};
}

void RestingMemory::look(bool busy) {
    quiet_looks_ = busy ? 0 : quiet_looks_ + 1;
    if (quiet_looks_ != looks_until_rest) return;  // once for each rest
    const auto held = memory_.resident();
    if (held < at_rest_ + worth_trimming) return;
    memory_.trim();
    at_rest_ = memory_.resident();
    log::debug("serve",
               fmt::format("at rest: {} kB held before, {} kB now", held / 1024, at_rest_ / 1024));
}

}  // namespace handover::gateway
