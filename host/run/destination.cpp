#include "run/destination.hpp"

#include <utility>

#include "auth/credential_file.hpp"

namespace handover::run {

Destination destination_of(const providers::Provider& provider,
                           std::shared_ptr<const auth::Target> target) {
    Destination made = {.target = std::move(target),
                        .base = usable_base(provider.base_url, provider.allow_http)};
    made.ledger =
        auth::file_stem({.provider = made.target->provider, .account = made.target->account});
    for (const auto& host : provider.hosts) {
        made.hosts.push_back(usable_base(host, provider.allow_http));
    }
    for (const auto& method : made.target->methods) {
        for (const auto& [name, ignored] : method.attach) made.owned_headers.push_back(name);
    }
    return made;
}

}  // namespace handover::run
