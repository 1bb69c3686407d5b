#include "cli/serve_generation.hpp"

#include <utility>

#include "auth/credential_store.hpp"
#include "cli/default_provider.hpp"
#include "gateway/certificate_files.hpp"
#include "log/log.hpp"

namespace handover::cli {
namespace {

// Configured providers, and those with a stored credential.
std::set<std::string, std::less<>> prefixes(const config::Config& settings,
                                            const auth::Services& auth) {
    std::set<std::string, std::less<>> names;
    for (const auto& [name, provider] : settings.providers) names.insert(name);
    if (const auto stored = auth.store->list()) {
        for (const auto& id : *stored) names.insert(id.provider);
    }
    return names;
}

// A gateway without a default provider is fine: requests then name one.
std::string default_provider(Services& services) {
    const auto chosen = choose_provider({}, services);
    if (chosen) return *chosen;
    log::warning(
        "serve",
        "there is no default provider, requests have to name one: " + chosen.error().message);
    return {};
}

Result<std::shared_ptr<const tls::Identity>> identity_of(const config::FrontSettings& front,
                                                         Time now) {
    if (front.tls_certificate.empty()) return std::shared_ptr<const tls::Identity>();
    return gateway::read_identity(
        front.tls_certificate, front.tls_key, std::chrono::system_clock::to_time_t(now));
}

// What the config says of providers by name. What plugins and presets say is how many requests
// Handover itself starts in a batch; how many clients start is theirs to decide.
std::map<std::string, int> concurrency(const config::Config& settings) {
    std::map<std::string, int> most;
    for (const auto& [name, provider] : settings.providers) {
        if (provider.concurrency) most.emplace(name, *provider.concurrency);
    }
    return most;
}

// Every provider that the config's routes lead to is one, before a request finds out.
Result<void> check_routes(const config::Config& settings, Services& services) {
    std::set<std::string> named;
    const auto note = [&](const std::vector<config::ModelAt>& places) {
        for (const auto& place : places) {
            if (!place.provider.empty()) named.insert(place.provider);
        }
    };
    note(settings.fallback);
    for (const auto& [name, alias] : settings.models) {
        note({alias.first});
        note(alias.fallback);
    }
    for (const auto& name : named) {
        const auto provider = services.provider(name);
        if (provider || provider.error().code != Errc::provider_unknown) continue;
        auto error = provider.error();
        error.code = Errc::config_invalid;
        error.message =
            "a route of the config ([models], fallback) leads nowhere: " + error.message;
        return fail(std::move(error));
    }
    return {};
}

http::ClientOptions client_options(const config::Config& settings) {
    return {.proxy = settings.proxy,
            .ca_file = settings.ca_file,
            .connect_timeout = settings.connect_timeout,
            .first_byte_timeout = settings.first_byte_timeout,
            .idle_timeout = settings.idle_timeout,
            .user_agent = "handover/" HANDOVER_VERSION};
}

}  // namespace

Result<ServeGeneration> make_serve_generation(const Outside& outside,
                                              const GlobalOptions& options,
                                              const ServeProcess& process) {
    // The end of the program is asked for by draining, not by giving up what is under way; and
    // nobody can be asked for a key.
    auto unattended = outside;
    unattended.on_refresh = process.on_refresh;
    unattended.stop = {};
    unattended.ask_key = {};
    const auto services = std::make_shared<Services>(std::move(unattended), options);
    const auto settings = services->config();
    if (!settings) return settings.failure();
    const auto catalogue = services->catalogue();
    if (!catalogue) return catalogue.failure();
    const auto broker = services->broker();
    if (!broker) return broker.failure();
    const auto ledgers = services->ledgers();
    if (!ledgers) return ledgers.failure();
    auto identity = identity_of((*settings)->front, outside.clock());
    if (!identity) return std::move(identity).failure();
    // Made here, not by the first thread that needs it.
    if (const auto client = services->client(); !client) return client.failure();
    const auto& config = **settings;
    if (auto checked = check_routes(config, *services); !checked) return checked.failure();
    auto api = gateway::ModelApi::make(
        {.routing = {.default_provider = default_provider(*services),
                     .fallback = config.fallback,
                     .aliases = config.models,
                     .prefixes = prefixes(config, **services->auth_services())},
         .provider = [services](const std::string& name) { return services->provider(name); },
         .instance =
             [services](const providers::Provider& provider) {
                 return services->instance(provider);
             },
         .broker = *broker,
         .ledgers = *ledgers,
         .clock = outside.clock,
         .lasting = process.lasting,
         .concurrency = concurrency(config),
         .client = client_options(config),
         .send = services->way_out(),
         .cache_folder = (*services->paths())->cache,
         .max_retries = config.max_retries,
         .max_queue = config.max_queue,
         .queue_timeout = config.queue_timeout});
    if (auto checked = api->check(); !checked) return checked.failure();
    return ServeGeneration{
        .front = {.settings = config.front,
                  .max_body = config.max_body,
                  .rules = {.hosts = config.front.hosts, .origins = config.front.origins},
                  .identity = std::move(*identity)},
        .api = std::move(api),
        .listen = config.listen};
}

}  // namespace handover::cli
