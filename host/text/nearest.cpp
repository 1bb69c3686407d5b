#include "text/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace handover::text {
namespace {

// Optimal string alignment distance.
std::size_t distance(std::string_view a, std::string_view b) {
    const std::size_t columns = b.size() + 1;
    std::vector<std::size_t> before(columns);
    std::vector<std::size_t> above(columns);
    std::vector<std::size_t> row(columns);
    for (std::size_t j = 0; j < columns; ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j < columns; ++j) {
            const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + cost});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[columns - 1];
}

}  // namespace

std::optional<std::string> nearest(std::string_view typed,
                                   std::span<const std::string> candidates) {
    constexpr std::size_t longest_name = 256;
    if (typed.empty() || typed.size() > longest_name) return std::nullopt;
    std::size_t best = std::clamp<std::size_t>(typed.size() / 3, 1, 3) + 1;
    const std::string* found = nullptr;
    for (const auto& candidate : candidates) {
        const auto apart = distance(typed, candidate);
        if (apart < best) {
            best = apart;
            found = &candidate;
        }
    }
    return found == nullptr ? std::nullopt : std::optional(*found);
}

std::string did_you_mean(std::string_view typed, std::span<const std::string> candidates) {
    const auto name = nearest(typed, candidates);
    return name ? " Did you mean \"" + *name + "\"?" : std::string();
}

}  // namespace handover::text
