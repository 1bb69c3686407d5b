#include "gateway/listings_in_flight.hpp"

#include <utility>

namespace handover::gateway {

bool ListingsInFlight::join(const std::string& provider, Ended ended) {
    const std::lock_guard guard(mutex_);
    const auto [place, begins] = waiting_.try_emplace(provider);
    place->second.push_back(std::move(ended));
    return begins;
}

void ListingsInFlight::end(const std::string& provider) {
    std::vector<Ended> told;
    {
        const std::lock_guard guard(mutex_);
        auto ended = waiting_.extract(provider);
        if (!ended.empty()) told = std::move(ended.mapped());
    }
    for (auto& one : told) one();
}

}  // namespace handover::gateway
