// `handover auth login`: which provider, which method, may the old credential go, then the flow.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>

#include "auth/login/login.hpp"
#include "cli/commands.hpp"
#include "cli/default_provider.hpp"
#include "cli/qr_code.hpp"
#include "text/nearest.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

Result<std::string> provider_to_log_in(const LoginOptions& options, Services& services) {
    auto name = named_provider(options.provider, services);
    if (!name || !name->empty()) return name;
    const auto usable = usable_providers(services);
    if (usable && usable->size() == 1) return usable->front();
    const auto names = services.provider_names();
    if (!names) return names.failure();
    return fail({.code = Errc::usage,
                 .message = "log in to which provider?",
                 .reason = fmt::format("the choices are: {}", fmt::join(*names, ", ")),
                 .fix = "handover auth login " +
                        (names->empty() ? std::string("PROVIDER") : names->front())});
}

std::vector<std::string> method_ids(const providers::Provider& provider) {
    std::vector<std::string> ids;
    for (const auto& method : provider.methods) ids.push_back(method.id);
    return ids;
}

Failure unsupported(const providers::Provider& provider, std::string message) {
    return fail({.code = Errc::auth_method_unsupported,
                 .message = std::move(message),
                 .reason = fmt::format(
                     "{} supports: {}", provider.name, fmt::join(method_ids(provider), ", ")),
                 .fix = provider.methods.empty() ? ""
                                                 : fmt::format("handover auth login {} --method {}",
                                                               provider.name,
                                                               provider.methods.front().id)});
}

const auth::Method* find_method(const providers::Provider& provider, const std::string& id) {
    const auto found = std::find_if(provider.methods.begin(),
                                    provider.methods.end(),
                                    [&](const auth::Method& method) { return method.id == id; });
    return found == provider.methods.end() ? nullptr : &*found;
}

const auth::Method* first_of_kind(const providers::Provider& provider, auth::Kind kind) {
    const auto found = std::find_if(
        provider.methods.begin(), provider.methods.end(), [&](const auth::Method& method) {
            return method.kind == kind;
        });
    return found == provider.methods.end() ? nullptr : &*found;
}

// The first one whose device endpoints are declared; else the first that discovery may know some
// for.
const auth::Method* first_with_device_login(const providers::Provider& provider) {
    const auto found = std::find_if(
        provider.methods.begin(), provider.methods.end(), [](const auth::Method& method) {
            return method.kind == auth::Kind::oauth2 &&
                   method.endpoints.device_authorization_endpoint.has_value();
        });
    return found == provider.methods.end() ? first_of_kind(provider, auth::Kind::oauth2) : &*found;
}

// --method, else what --with-api-key or --device implies, else the pinned one, else the first that
// a person can log in with.
const auth::Method* wanted_method(const LoginOptions& options,
                                  const providers::Provider& provider) {
    if (!options.method.empty()) return find_method(provider, options.method);
    if (options.with_api_key) return first_of_kind(provider, auth::Kind::api_key);
    if (options.device) return first_with_device_login(provider);
    if (provider.auth_method) return find_method(provider, *provider.auth_method);
    const auto found = std::find_if(
        provider.methods.begin(), provider.methods.end(), [](const auth::Method& method) {
            return method.kind != auth::Kind::none;
        });
    return found == provider.methods.end() ? nullptr : &*found;
}

Result<auth::Method> choose_method(const LoginOptions& options,
                                   const providers::Provider& provider) {
    if (options.device && options.with_api_key) {
        return fail({.code = Errc::usage,
                     .message = "--device and --with-api-key exclude each other",
                     .reason = {},
                     .fix = "handover auth login --help"});
    }
    const auto* method = wanted_method(options, provider);
    if (method == nullptr && !options.method.empty()) {
        return unsupported(provider,
                           fmt::format("{} has no auth method \"{}\".{}",
                                       provider.name,
                                       text::printable(options.method, 80),
                                       text::did_you_mean(options.method, method_ids(provider))));
    }
    if (method == nullptr && options.with_api_key)
        return unsupported(provider, provider.name + " takes no API key");
    if (method == nullptr && options.device)
        return unsupported(provider, provider.name + " has no sign-in by device code");
    if (method == nullptr || method->kind == auth::Kind::none) {
        return unsupported(provider, provider.name + " needs no login");
    }
    if (options.with_api_key && method->kind != auth::Kind::api_key) {
        return unsupported(provider,
                           fmt::format("the auth method {} takes no API key", method->id));
    }
    if (options.device && method->kind != auth::Kind::oauth2) {
        return unsupported(
            provider, fmt::format("the auth method {} has no sign-in by device code", method->id));
    }
    return *method;
}

// Nothing, or AUTH_CANCELLED where a person wants to keep what is there.
Result<void> may_replace(const LoginOptions& options,
                         auth::Broker& broker,
                         const auth::Target& target,
                         const Streams& streams) {
    if (options.force || !streams.interactive()) return {};
    const auto valid = broker.has_valid_login(target);
    if (!valid) return valid.failure();
    if (!*valid) return {};
    const auto yes =
        streams.confirm(fmt::format("{} (account {}) is logged in already. Replace that login?",
                                    target.provider,
                                    target.account));
    if (!yes) return yes.failure();
    if (*yes) return {};
    return fail({.code = Errc::auth_cancelled,
                 .message = fmt::format("kept the present login to {}", target.provider),
                 .reason = {},
                 .fix = "--force replaces it without asking, --account NAME keeps both"});
}

Result<Secret> read_key(const LoginOptions& options,
                        const auth::Target& target,
                        const Streams& streams) {
    if (streams.interactive())
        return streams.ask_secret(fmt::format("API key for {}: ", target.provider));
    if (options.with_api_key) {
        auto input = streams.read_input();
        if (!input) return input.failure();
        return Secret(std::move(*input));
    }
    return fail({.code = Errc::usage,
                 .message = fmt::format("logging in to {} takes an API key", target.provider),
                 .reason = "there is no terminal to ask on",
                 .fix = fmt::format("printenv MY_KEY | handover auth login {} --with-api-key",
                                    target.provider)});
}

// A picture only where a camera can read it: a terminal with colours and block characters.
bool can_show_pictures(const Outside& outside, const Streams& streams) {
    if (!streams.err_is_terminal || !streams.color) return false;
    for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const auto value = outside.environment(name);
        if (!value || value->empty()) continue;
        return value->find("UTF-8") != std::string::npos ||
               value->find("utf8") != std::string::npos;
    }
    return false;
}

void show_qr_code(const std::string& url, const Streams& streams) {
    const auto room = room_of(STDERR_FILENO);
    const auto modules = room ? qr_modules(url) : std::nullopt;
    if (!modules) return;
    if (const auto picture = draw(*modules, *room)) streams.err(*picture);
}

auth::LoginConsole console_of(const Services& services, const Streams& streams) {
    auth::LoginConsole console = {
        .say = [&](const std::string& line) { streams.say(text::printable(redact(line), 1000)); },
        .show_url = [&](const std::string& url) { streams.say(url); },
        .show_qr_code = {},
        .paste_fd = STDIN_FILENO,
        .terminal = streams.interactive()};
    if (can_show_pictures(services.outside(), streams))
        console.show_qr_code = [&](const std::string& url) { show_qr_code(url, streams); };
    return console;
}

// By a code on another device, or in the browser.
Result<auth::Credential> by_oauth(const LoginOptions& options,
                                  const auth::Target& target,
                                  const auth::Method& method,
                                  Services& services,
                                  const Streams& streams) {
    const auto settings = services.config();
    if (!settings) return settings.failure();
    const auto parts = services.auth_services();
    if (!parts) return parts.failure();
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    const auto& outside = services.outside();
    const auth::LoginRequest request = {.open_browser = !options.no_browser,
                                        .timeout = options.timeout,
                                        .browser_timeout = (*settings)->login_timeout,
                                        .browser = outside.environment("BROWSER").value_or(""),
                                        .trust_roots_configured = !(*settings)->ca_file.empty()};
    const auto console = console_of(services, streams);
    // The terminal is changed while a redirect may be pasted: a signal has to find its way through
    // the flow.
    if (outside.before_network) outside.before_network();
    const auth::Login login = {.broker = **broker,
                               .services = **parts,
                               .target = target,
                               .method = method,
                               .request = request,
                               .console = console,
                               .stop = outside.stop};
    return options.device ? auth::login_with_device_code(login) : auth::login_with_browser(login);
}

Result<auth::Credential> by_key(const LoginOptions& options,
                                const auth::Target& target,
                                const auth::Method& method,
                                Services& services,
                                const Streams& streams) {
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    const auto key = read_key(options, target, streams);
    if (!key) return key.failure();
    return auth::login_with_api_key(**broker, target, method, *key, services.outside().clock());
}

std::string expiry(const auth::Credential& credential, Time now) {
    if (!credential.expires_at || *credential.expires_at <= now) return "";
    const auto left = std::chrono::duration_cast<Milliseconds>(*credential.expires_at - now);
    return fmt::format(" The token lasts {}{}.",
                       text::describe_duration(left),
                       credential.refresh_token.empty() ? "" : " and is refreshed by itself");
}

}  // namespace

Result<int> auth_login(const LoginOptions& options, Services& services, const Streams& streams) {
    const auto name = provider_to_log_in(options, services);
    if (!name) return name.failure();
    const auto provider = services.provider(*name);
    if (!provider) return provider.failure();
    const auto method = choose_method(options, *provider);
    if (!method) return method.failure();
    const auto target = provider->target(options.account);
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    if (const auto agreed = may_replace(options, **broker, target, streams); !agreed)
        return agreed.failure();

    const auto credential = method->kind == auth::Kind::oauth2
                                ? by_oauth(options, target, *method, services, streams)
                                : by_key(options, target, *method, services, streams);
    if (!credential) return credential.failure();
    streams.say(fmt::format("Logged in to {} (account {}, method {}).{}",
                            target.provider,
                            target.account,
                            method->id,
                            expiry(*credential, services.outside().clock())));
    return 0;
}

}  // namespace handover::cli
