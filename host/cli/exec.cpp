// `handover exec`: becomes another program, which finds a provider's address and a fresh token or
// key in its environment.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "cli/commands.hpp"
#include "cli/default_provider.hpp"
#include "cli/exec_environment.hpp"
#include "log/log.hpp"
#include "platform/files.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

// As shells and env(1) say it.
constexpr int exit_cannot_run = 126;
constexpr int exit_not_found = 127;

// Local servers ask for no key, but clients insist on one; it must not be the one that the
// environment happens to hold.
constexpr auto no_key = "none";

Failure no_command() {
    return fail({.code = Errc::usage,
                 .message = "there is no command to run",
                 .reason = {},
                 .fix = "put it behind --, as in: handover exec -- env"});
}

Failure keeps_subscription(const std::string& provider) {
    return fail({.code = Errc::usage,
                 .message = fmt::format("{} is a subscription; its token is not handed to another "
                                        "program",
                                        provider),
                 .reason = "a subscription runs one request at a time, and the lease that sees to "
                           "it cannot follow the token",
                 .fix =
                     "let the program talk to `handover serve`, which holds the lease; or accept "
                     "the risk with --allow-subscription"});
}

// Before anything is refreshed or asked for: what would serve is known without.
Result<void> refuse_subscription(const auth::Target& target, auth::Broker& broker) {
    const auto candidates = broker.explain(target);
    if (!candidates) return candidates.failure();
    for (const auto& candidate : *candidates) {
        if (!candidate.wins) continue;
        for (const auto& method : target.methods) {
            if (method.id == candidate.method && method.billing == auth::Billing::subscription)
                return keeps_subscription(target.provider);
        }
    }
    return {};
}

// What a request of ours carries beside the key, and CMD's will not.
void warn_of_what_stays_behind(const providers::Provider& provider, const auth::Method& method) {
    std::vector<std::string> left;
    for (const auto& [name, ignored] : provider.headers) left.push_back("the header " + name);
    for (const auto& [name, ignored] : provider.query) left.push_back("the query " + name);
    for (const auto& [name, ignored] : method.attach) {
        if (name != "Authorization") left.push_back("the header " + name);
    }
    if (left.empty()) return;
    log::info("exec",
              fmt::format("{}'s requests also carry {}; the program has to add that by itself",
                          provider.name,
                          fmt::join(left, ", ")));
}

ExecValues values_of(const providers::Provider& provider, const auth::Resolved& resolved) {
    const auto& credential = resolved.credential;
    auto key = credential.api_key.empty() ? credential.access_token : credential.api_key;
    return {.key = key.empty() ? Secret(no_key) : std::move(key),
            .base_url = provider.base_url,
            .model = provider.model,
            .claims = resolved.claims};
}

// Comes back only where the program could not be started.
int run(const std::vector<std::string>& command,
        const EnvironmentChanges& changes,
        const Services& services,
        const Streams& streams) {
    const int error = services.outside().become(command, changes);
    const bool not_found = error == ENOENT;
    streams.say(fmt::format("error: cannot run {}: {} [USAGE]",
                            text::printable(command.front(), 200),
                            platform::error_text(error)));
    if (not_found) streams.say("  fix: check its name, or give its whole path");
    return not_found ? exit_not_found : exit_cannot_run;
}

}  // namespace

Result<int> exec_command(const ExecOptions& options, Services& services, const Streams& streams) {
    if (options.command.empty()) return no_command();
    const auto name = choose_provider(options.provider, services);
    if (!name) return name.failure();
    const auto provider = services.provider(*name);
    if (!provider) return provider.failure();
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    const auto target = provider->target(options.account);
    if (!options.allow_subscription) {
        if (auto allowed = refuse_subscription(target, **broker); !allowed)
            return allowed.failure();
    }
    warn_of_plain_http(*provider);
    const auto resolved = (*broker)->resolve(target, services.patience(), options.min_validity);
    if (!resolved) return resolved.failure();
    // What wins may have changed since it was looked at.
    if ((*resolved)->method.billing == auth::Billing::subscription && !options.allow_subscription)
        return keeps_subscription(*name);
    warn_of_what_stays_behind(*provider, (*resolved)->method);
    const auto changes = exec_environment(options.environment, values_of(*provider, **resolved));
    if (!changes) return changes.failure();
    log::info("exec",
              fmt::format("{} as {} (method {}, credential: {})",
                          options.command.front(),
                          *name,
                          (*resolved)->method.id,
                          (*resolved)->source.text()));
    return run(options.command, *changes, services, streams);
}

}  // namespace handover::cli
