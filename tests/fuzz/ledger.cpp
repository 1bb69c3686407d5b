// Whatever parses prints, and prints to the same thing again.
#include "limits/ledger.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace handover::limits;
    auto ledger = parse_ledger({reinterpret_cast<const char*>(data), size});
    if (!ledger) return 0;
    auto again = parse_ledger(print_ledger(*ledger));
    if (!again || again->windows.size() != ledger->windows.size()) std::abort();
    for (std::size_t i = 0; i < ledger->windows.size(); ++i) {
        auto& first = ledger->windows[i].used_percent;
        auto& second = again->windows[i].used_percent;
        // Boost.JSON 1.81 reads the last digit of a fraction now and then as its neighbour.
        if (first.has_value() != second.has_value()) std::abort();
        if (first && std::abs(*first - *second) > 1e-9) std::abort();
        first = second;
    }
    if (print_ledger(*again) != print_ledger(*ledger)) std::abort();
    const auto now = handover::Time(std::chrono::seconds(1'800'000'000));
    for (const auto& window : ledger->windows) (void)describe(window, now);
    if (ledger->blocked) (void)describe(*ledger->blocked, now);
    const auto decision = admit(*ledger, 7, now);
    if (decision.admission != Admission::go && !decision.next.blocked) std::abort();
    return 0;
}
