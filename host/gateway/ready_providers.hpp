// Providers as requests use them: config read, plugin loaded, what the broker needs at hand. Made
// when first asked for, shared by all loops.
#pragma once

#include <handover/result.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "auth/broker.hpp"
#include "gateway/request_slots.hpp"
#include "plugins/plugin.hpp"
#include "providers/provider.hpp"
#include "run/destination.hpp"

namespace handover::gateway {

struct ReadyProvider {
    providers::Provider provider;
    plugins::Instance instance;
    std::shared_ptr<RequestSlots> slots;
    run::Destination destination;  // its target is kept fresh by the broker
};
using ReadyProviderPtr = std::shared_ptr<const ReadyProvider>;

// Thread-safe.
class ReadyProviders {
public:
    using MakeProvider = std::function<Result<providers::Provider>(const std::string& name)>;
    using MakeInstance = std::function<Result<plugins::Instance>(const providers::Provider&)>;

    ReadyProviders(MakeProvider provider,
                   MakeInstance instance,
                   auth::Broker& broker,
                   SlotTable& slots)
        : make_provider_(std::move(provider)),
          make_instance_(std::move(instance)),
          broker_(broker),
          slots_(slots) {}

    // Null where it was not made yet.
    [[nodiscard]] ReadyProviderPtr find(const std::string& name) const;

    // Made now if need be: blocks, for a plugin that was never loaded as long as its trial takes.
    // What failed is tried anew the next time.
    Result<ReadyProviderPtr> make(const std::string& name);

private:
    MakeProvider make_provider_;
    MakeInstance make_instance_;
    auth::Broker& broker_;
    SlotTable& slots_;
    std::mutex making_;         // one at a time; held while a plugin loads
    mutable std::mutex mutex_;  // guards ready_
    std::map<std::string, ReadyProviderPtr> ready_ = {};
};

}  // namespace handover::gateway
