// Whatever parses prints, and prints to the same thing again.
#include "limits/ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace handover::limits;
    const auto ledger = parse_ledger({reinterpret_cast<const char*>(data), size});
    if (!ledger) return 0;
    const auto printed = print_ledger(*ledger);
    const auto again = parse_ledger(printed);
    if (!again || print_ledger(*again) != printed) std::abort();
    const auto now = handover::Time(std::chrono::seconds(1'800'000'000));
    for (const auto& window : ledger->windows) (void)describe(window, now);
    if (ledger->blocked) (void)describe(*ledger->blocked, now);
    const auto decision = admit(*ledger, 7, now);
    if (decision.admission != Admission::go && !decision.next.blocked) std::abort();
    return 0;
}
