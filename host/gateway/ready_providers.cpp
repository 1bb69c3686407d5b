#include "gateway/ready_providers.hpp"

#include <utility>

namespace handover::gateway {

ReadyProviderPtr ReadyProviders::find(const std::string& name) const {
    const std::lock_guard guard(mutex_);
    const auto found = ready_.find(name);
    return found == ready_.end() ? nullptr : found->second;
}

Result<ReadyProviderPtr> ReadyProviders::make(const std::string& name) {
    const std::lock_guard one_at_a_time(making_);
    if (auto ready = find(name)) return ready;
    auto provider = make_provider_(name);
    if (!provider) return std::move(provider).failure();
    auto instance = make_instance_(*provider);
    if (!instance) return std::move(instance).failure();
    auto destination = run::destination_of(*provider, broker_.keep_fresh(provider->target()));
    auto ready =
        std::make_shared<const ReadyProvider>(ReadyProvider{.provider = *std::move(provider),
                                                            .instance = *std::move(instance),
                                                            .slots = slots_.of(name),
                                                            .destination = std::move(destination)});
    const std::lock_guard guard(mutex_);
    ready_[name] = ready;
    return ready;
}

}  // namespace handover::gateway
