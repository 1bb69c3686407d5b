#include "cli/open_upstream.hpp"

#include <utility>

namespace handover::cli {

run::Upstream OpenUpstream::under(const std::string& account) const {
    return {.provider = provider,
            .instance = instance,
            .broker = broker,
            .client = client,
            .account = account,
            .max_retries = max_retries,
            .clock = clock,
            .ledgers = ledgers};
}

Result<OpenUpstream> open_upstream(const std::string& name, Services& services) {
    auto provider = services.provider(name);
    if (!provider) return std::move(provider).failure();
    auto instance = services.instance(*provider);
    if (!instance) return std::move(instance).failure();
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    const auto client = services.client();
    if (!client) return client.failure();
    const auto settings = services.config();
    if (!settings) return settings.failure();
    const auto ledgers = services.ledgers();
    if (!ledgers) return ledgers.failure();
    return OpenUpstream{.provider = std::move(*provider),
                        .instance = std::move(*instance),
                        .broker = **broker,
                        .client = *client,
                        .ledgers = *ledgers,
                        .max_retries = (*settings)->max_retries,
                        .clock = services.outside().clock};
}

}  // namespace handover::cli
