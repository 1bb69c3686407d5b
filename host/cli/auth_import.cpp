// `handover auth import`: another program's login, taken over where it would work here.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "auth/imports/imported_login.hpp"
#include "auth/login/login.hpp"
#include "cli/commands.hpp"
#include "platform/files.hpp"
#include "text/nearest.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

using auth::imports::ImportedLogin;
using auth::imports::What;

constexpr std::size_t longest_file = 1U << 20U;

enum class Program { codex, handover_ts };
struct Source {
    Program program;
    const char* name;  // on the command line
    const char* file;  // in its folder
    Result<ImportedLogin> (*parse)(std::string_view);
};
constexpr std::array<Source, 2> sources = {{
    {Program::codex, "codex", "auth.json", auth::imports::parse_codex_auth},
    {Program::handover_ts, "handover-ts", "credentials.json", auth::imports::parse_handover_ts},
}};

Result<const Source*> source_named(const std::string& name) {
    const auto* found = std::find_if(
        sources.begin(), sources.end(), [&](const Source& source) { return source.name == name; });
    if (found != sources.end()) return found;
    std::vector<std::string> names;
    names.reserve(sources.size());
    for (const auto& source : sources) names.emplace_back(source.name);
    return fail({.code = Errc::usage,
                 .message = fmt::format("nothing can be imported from \"{}\".{}",
                                        text::printable(name, 80),
                                        text::did_you_mean(name, names)),
                 .reason = fmt::format("the choices are: {}", fmt::join(names, ", ")),
                 .fix = "handover auth import --help"});
}

// The folder where that program keeps it; empty where nothing says where home is.
std::filesystem::path usual_folder(const Source& source, const Outside& outside) {
    if (source.program == Program::codex) {
        const auto codex_home = outside.environment("CODEX_HOME");
        if (codex_home && !codex_home->empty()) return *codex_home;
    }
    const auto home = outside.environment("HOME");
    if (!home || home->empty()) return {};
    return std::filesystem::path(*home) /
           (source.program == Program::codex ? ".codex" : ".handover");
}

Result<std::filesystem::path> file_to_read(const ImportOptions& options,
                                           const Source& source,
                                           const Outside& outside) {
    const auto named =
        options.from.empty() ? usual_folder(source, outside) : std::filesystem::path(options.from);
    if (named.empty()) {
        return fail({.code = Errc::usage,
                     .message = "import from which file?",
                     .reason = "HOME is not set",
                     .fix = fmt::format("handover auth import {} --from FILE", source.name)});
    }
    std::error_code error;
    const bool folder = options.from.empty() || std::filesystem::is_directory(named, error);
    return folder ? named / source.file : named;
}

Failure no_file(const Source& source, const std::filesystem::path& file) {
    const bool codex = source.program == Program::codex;
    return fail(
        {.code = Errc::auth_no_credential,
         .message = fmt::format("there is no {}", text::printable(file.string(), 300)),
         .reason = codex ? "codex may keep its login in the system's keyring (the setting "
                           "cli_auth_credentials_store), where it cannot be imported from"
                         : "the earlier Handover stores its login there",
         .fix = codex ? "set cli_auth_credentials_store = \"file\" in codex's config.toml and run "
                        "`codex login`, name the file with --from, or: handover auth login codex"
                      : "name the file with --from, or: handover auth login codex"});
}

Result<ImportedLogin> read_login(const Source& source, const std::filesystem::path& file) {
    auto text = platform::read_file(file, longest_file);
    if (!text) return text.failure();
    if (!*text) return no_file(source, file);
    auto login = source.parse(**text);
    wipe(**text);
    if (login) return login;
    auto error = login.error();
    error.message += fmt::format(" ({})", text::printable(file.string(), 300));
    return fail(std::move(error));
}

const auth::Method* first_of_kind(const providers::Provider& provider, auth::Kind kind) {
    const auto found = std::find_if(
        provider.methods.begin(), provider.methods.end(), [&](const auth::Method& method) {
            return method.kind == kind;
        });
    return found == provider.methods.end() ? nullptr : &*found;
}

// A pinned method counts where it is of the right kind.
const auth::Method* method_for(const providers::Provider& provider, What what) {
    const auto kind = what == What::tokens ? auth::Kind::oauth2 : auth::Kind::api_key;
    for (const auto& method : provider.methods) {
        if (provider.auth_method == method.id && method.kind == kind) return &method;
    }
    return first_of_kind(provider, kind);
}

// Whose login it is where nobody says. The earlier Handover called OpenAI's subscription "openai";
// here that is the codex plugin's.
std::string usual_provider(const Source& source, const ImportedLogin& login) {
    const bool openai = source.program == Program::codex || login.provider == "openai";
    if (!openai) return login.provider;
    return login.what == What::tokens ? "codex" : "openai";
}

struct Destination {
    auth::Target target = {};
    auth::Method method = {};
};

Result<Destination> destination(const ImportOptions& options,
                                const Source& source,
                                const ImportedLogin& login,
                                Services& services) {
    const auto name = options.provider.empty() ? usual_provider(source, login) : options.provider;
    const auto provider = services.provider(name);
    if (!provider) return provider.failure();
    if (const auto* method = method_for(*provider, login.what))
        return Destination{.target = provider->target(options.account), .method = *method};
    const bool key = login.what == What::api_key;
    return fail(
        {.code = Errc::auth_method_unsupported,
         .message = fmt::format(
             "{} has no auth method for {}", provider->name, key ? "an API key" : "an OAuth login"),
         .reason = fmt::format("the file holds {}", key ? "an API key" : "an OAuth login"),
         .fix = fmt::format(
             "handover auth import {} --provider {}", source.name, key ? "openai" : "codex")});
}

// A stored login that works, or can be made to by itself, is not replaced unasked.
Result<bool> has_login(auth::Broker& broker, const auth::Target& target) {
    const auto reports = broker.status(target);
    if (!reports) return reports.failure();
    return std::any_of(reports->begin(), reports->end(), [&](const auth::StatusReport& report) {
        return report.account == target.account && report.source.kind == auth::SourceKind::stored &&
               report.usable();
    });
}

Result<void> may_replace(const ImportOptions& options,
                         auth::Broker& broker,
                         const auth::Target& target,
                         const Streams& streams) {
    if (options.force) return {};
    const auto there = has_login(broker, target);
    if (!there) return there.failure();
    if (!*there) return {};
    const auto what =
        fmt::format("{} (account {}) is logged in already", target.provider, target.account);
    if (streams.interactive()) {
        const auto yes = streams.confirm(what + ". Replace that login by the imported one?");
        if (!yes) return yes.failure();
        if (*yes) return {};
    }
    return fail({.code = Errc::auth_cancelled,
                 .message = what + "; nothing was imported",
                 .reason = {},
                 .fix = "--force replaces that login, --account NAME keeps both"});
}

std::string life_of(const auth::Credential& credential, Time now) {
    const bool refreshable = !credential.refresh_token.empty();
    if (!credential.expires_at) return "";
    if (*credential.expires_at <= now)
        return " Its token has expired and is refreshed at the first use.";
    const auto left = std::chrono::duration_cast<Milliseconds>(*credential.expires_at - now);
    return fmt::format(" Its token lasts {}{}.",
                       text::describe_duration(left),
                       refreshable ? " and is refreshed by itself"
                                   : "; there is no refresh token, so then a login is needed");
}

Result<void> store_tokens(const ImportedLogin& login,
                          const Destination& to,
                          auth::Broker& broker,
                          Services& services,
                          const Streams& streams) {
    const auto now = services.outside().clock();
    const auto credential = auth::imports::bind_login(login, to.target, to.method, now);
    if (!credential) return credential.failure();
    if (const auto stored = broker.store_login(to.target, to.method, *credential); !stored)
        return stored.failure();
    streams.say(fmt::format("Imported the login as {} (account {}, method {}).{}",
                            to.target.provider,
                            to.target.account,
                            to.method.id,
                            life_of(*credential, now)));
    return {};
}

Result<void> store_key(const ImportedLogin& login,
                       const Destination& to,
                       auth::Broker& broker,
                       Services& services,
                       const Streams& streams) {
    const auto stored = auth::login_with_api_key(
        broker, to.target, to.method, login.api_key, services.outside().clock());
    if (!stored) return stored.failure();
    streams.say(
        fmt::format("Imported an API key, not a subscription, as {} (account {}, method {}): what "
                    "is used with it is paid for by the token.",
                    to.target.provider,
                    to.target.account,
                    to.method.id));
    return {};
}

// Both copies hold the same single-use refresh token.
void warn_of_the_other_copy(const Source& source, const Streams& streams) {
    const bool codex = source.program == Program::codex;
    streams.say(fmt::format(
        "{0} keeps its own copy, and both renew it with the same refresh token, which works once: "
        "after the first refresh here {0} has to sign in again, and the reverse. Use only one of "
        "the two, or give Handover a login of its own: handover auth login codex --force",
        codex ? "The codex CLI" : "The earlier Handover"));
}

}  // namespace

Result<int> auth_import(const ImportOptions& options, Services& services, const Streams& streams) {
    const auto source = source_named(options.source);
    if (!source) return source.failure();
    const auto file = file_to_read(options, **source, services.outside());
    if (!file) return file.failure();
    const auto login = read_login(**source, *file);
    if (!login) return login.failure();
    const auto to = destination(options, **source, *login, services);
    if (!to) return to.failure();
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    if (const auto agreed = may_replace(options, **broker, to->target, streams); !agreed)
        return agreed.failure();
    const auto store = login->what == What::tokens ? store_tokens : store_key;
    if (const auto stored = store(*login, *to, **broker, services, streams); !stored)
        return stored.failure();
    if (!login->note.empty()) streams.say(login->note);
    if (!login->refresh_token.empty()) warn_of_the_other_copy(**source, streams);
    return 0;
}

}  // namespace handover::cli
