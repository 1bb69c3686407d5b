// `handover doctor`: whether everything is in order on this machine. Changes nothing, loads no
// plugin, sends no credential.
#include "doctor/finding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "auth/claims.hpp"
#include "auth/lease.hpp"
#include "auth/login/preflight.hpp"
#include "auth/resolution.hpp"
#include "cli/commands.hpp"
#include "cli/exit_status.hpp"
#include "doctor/certificate.hpp"
#include "doctor/credentials.hpp"
#include "doctor/machine.hpp"
#include "doctor/network.hpp"
#include "doctor/places.hpp"
#include "gateway/certificate_files.hpp"
#include "http/trust_roots.hpp"
#include "providers/effective.hpp"

namespace handover::cli {
namespace {

using doctor::Finding;
using doctor::Findings;

// The areas one after the other, in the order in which one would mend things.
class Examination {
public:
    explicit Examination(Services& services) : services_(services) { services.change_nothing(); }

    Result<Findings> run() {
        const auto paths = services_.paths();
        if (!paths) return paths.failure();
        places(**paths);
        settings(**paths);
        plugins();
        environment();
        stored_ = doctor::measure_credentials((*paths)->credentials);
        in_use();
        keys();
        credentials(**paths);
        ports();
        certificate();
        machine();
        network();
        return std::move(findings_);
    }

private:
    void add(std::string area, std::string subject, Finding finding) {
        findings_.push_back(doctor::in(std::move(area), std::move(subject), std::move(finding)));
    }

    void places(const config::Paths& paths) {
        const auto place =
            [&](const char* name, doctor::Use use, const std::filesystem::path& path) {
                add("folders", name, doctor::judge_place(use, doctor::measure_place(path)));
            };
        place("credentials", doctor::Use::credentials, paths.credentials);
        place("state", doctor::Use::state, paths.state);
        place("cache", doctor::Use::cache, paths.cache);
        place("plugins", doctor::Use::plugins, paths.plugins);
        lock("credentials", paths.credentials);
        lock("state", paths.state);
    }

    // Where the folder is not there yet, its disk is tried: the nearest folder above it.
    void lock(const std::string& name, const std::filesystem::path& folder) {
        const auto facts = doctor::measure_place(folder);
        add("locks",
            name,
            doctor::judge_lock(doctor::measure_lock(facts.exists ? folder : facts.nearest)));
    }

    void settings(const config::Paths& paths) {
        const auto settings = services_.config();
        if (!settings) return add("config", "file", doctor::from_error(settings.error()));
        const auto file = paths.config_file.string();
        add("config",
            "file",
            doctor::ok((*settings)->exists ? file : file + " is not there; the defaults hold"));
        const auto sources = services_.sources();
        if (!sources) return add("config", "plugins", doctor::from_error(sources.error()));
        for (const auto& error : providers::check(*sources, services_.outside().environment))
            add("config", "provider", doctor::from_error(error));
    }

    void plugins() {
        const auto catalogue = services_.catalogue();
        if (!catalogue) return add("plugins", "all", doctor::skipped("the config cannot be read"));
        for (const auto& entry : (*catalogue)->entries())
            add("plugins", subject_of(entry), judge(entry));
        if (!(*catalogue)->entries().empty()) return;
        std::string folders;
        for (const auto& folder : (*catalogue)->folders())
            folders += (folders.empty() ? "" : ", ") + folder.string();
        add("plugins",
            "all",
            {.state = doctor::State::warning,
             .measured = "none is found; searched " + folders,
             .expected = "a plugin for each provider in use",
             .fix = "put codex.so or openai.so into one of these folders"});
    }

    static std::string subject_of(const plugins::Entry& entry) {
        return entry.id.empty() ? entry.file.filename().string() : entry.id;
    }

    static Finding judge(const plugins::Entry& entry) {
        if (entry.error) return doctor::from_error(*entry.error);
        if (entry.shadowed_by.empty())
            return doctor::ok(fmt::format("{} {}", entry.version, entry.file.string()));
        return {.state = doctor::State::warning,
                .measured = entry.file.string() + " is not used",
                .expected = "one file for each id; " + entry.shadowed_by.string() + " comes first",
                .fix = "remove one of the two"};
    }

    void environment() {
        if (!services_.outside().environment_names) return;
        auto names = services_.outside().environment_names();
        std::sort(names.begin(), names.end());
        for (const auto& name : names) {
            if (auto finding = doctor::judge_own_variable(name))
                add("environment", name, std::move(*finding));
        }
        for (const auto* name : {"HANDOVER_HOME", "HANDOVER_CONFIG", "HANDOVER_PROVIDER"}) {
            if (const auto value = services_.outside().environment(name); value && !value->empty())
                add("environment", name, doctor::ok(*value));
        }
    }

    // Configured, logged in to, or served by a key of the environment.
    void in_use() {
        const auto settings = services_.config();
        const auto catalogue = services_.catalogue();
        if (!settings || !catalogue) return;
        for (const auto& [name, ignored] : (*settings)->providers) use(name, true);
        if (const auto& name = (*settings)->default_provider) use(*name, true);
        if (const auto name = services_.outside().environment("HANDOVER_PROVIDER"))
            use(*name, true);
        for (const auto& file : stored_.files) {
            if (file.id) use(file.id->provider, true);
        }
        for (const auto& id : (*catalogue)->ids()) use(id, false);
    }

    void use(const std::string& name, bool certain) {
        const auto same = [&](const providers::Provider& provider) {
            return provider.name == name;
        };
        if (name.empty() || std::any_of(in_use_.begin(), in_use_.end(), same)) return;
        auto provider = services_.provider(name);
        if (provider && (certain || !key_variables(*provider).empty()))
            in_use_.push_back(std::move(*provider));
    }

    [[nodiscard]] auth::StoredSource stored_for(const auth::Target& target) const {
        for (const auto& file : stored_.files) {
            if (file.id && file.id->provider == target.provider &&
                file.id->account == target.account)
                return {.credential = file.credential, .trouble = file.trouble};
        }
        return {};
    }

    // The candidates whose variable is there, whatever it holds.
    [[nodiscard]] std::vector<auth::Candidate> key_variables(
        const providers::Provider& provider) const {
        const auto target = provider.target();
        auto candidates =
            auth::choose(target, stored_for(target), services_.outside().environment, false)
                .candidates;
        std::erase_if(candidates, [&](const auth::Candidate& candidate) {
            return candidate.source.kind != auth::SourceKind::environment ||
                   !services_.outside().environment(candidate.source.variable);
        });
        return candidates;
    }

    void keys() {
        for (const auto& provider : in_use_) {
            for (const auto& candidate : key_variables(provider)) {
                const auto& name = candidate.source.variable;
                const auto value = services_.outside().environment(name);
                add("environment",
                    fmt::format("{} for {}", name, provider.name),
                    doctor::judge_key_variable({.value = value.value_or(""),
                                                .wins = candidate.wins,
                                                .reason = candidate.reason}));
            }
        }
    }

    void credentials(const config::Paths& paths) {
        const auto settings = services_.config();
        const auto now = services_.outside().clock();
        for (const auto& file : stored_.files) {
            const auth::StatusFacts facts = {
                .now = now,
                .lead = settings ? (*settings)->refresh_lead : std::chrono::minutes(5),
                .record = file.record};
            const auto purpose = purpose_of(file);
            for (auto& finding : doctor::judge_credential(file, purpose, facts))
                findings_.push_back(std::move(finding));
            if (file.credential && purpose.target) lease(*file.credential, *purpose.target, paths);
        }
        for (auto& finding : doctor::judge_folder(stored_, paths.credentials))
            findings_.push_back(std::move(finding));
    }

    doctor::Purpose purpose_of(const doctor::CredentialFacts& file) {
        if (!file.id) return {};
        const auto provider = services_.provider(file.id->provider);
        if (!provider) return {.trouble = provider.error().message};
        return {.target = provider->target(file.id->account)};
    }

    // A lease is nothing wrong: it says why another request has to wait.
    void lease(const auth::Credential& credential,
               const auth::Target& target,
               const config::Paths& paths) {
        for (const auto& method : target.methods) {
            if (method.id != credential.method || method.billing != auth::Billing::subscription)
                continue;
            const auto subject = auth::claims_of(method, credential).subject;
            if (subject.empty()) return;
            const auto holder = auth::LeaseTable(paths.state / "leases").holder(subject);
            add("credentials",
                credential.id.provider + " lease",
                doctor::ok(
                    holder ? fmt::format("process {} has a request in flight; others wait for it",
                                         *holder)
                           : "free"));
        }
    }

    void ports() {
        for (const auto& provider : in_use_) {
            for (const auto& method : provider.methods) {
                if (method.kind != auth::Kind::oauth2 || method.redirect_uris.empty()) continue;
                add("login ports",
                    provider.name + " " + method.id,
                    doctor::judge_ports(doctor::measure_ports(method.redirect_uris)));
            }
        }
    }

    // As `serve` takes its certificate.
    void certificate() {
        const auto settings = services_.config();
        if (!settings || (*settings)->front.tls_certificate.empty()) return;
        const auto& front = (*settings)->front;
        const auto now = std::chrono::system_clock::to_time_t(services_.outside().clock());
        const auto identity = gateway::read_identity(front.tls_certificate, front.tls_key, now);
        add("gateway",
            "certificate",
            identity
                ? doctor::judge_certificate(front.tls_certificate, (*identity)->validity(), now)
                : doctor::from_error(identity.error()));
    }

    void machine() {
        const auto now = services_.outside().clock();
        const auto clock = auth::login::check_clock(now);
        add("machine",
            "clock",
            clock ? doctor::ok(text::format_rfc3339(now)) : doctor::from_error(clock.error()));
        const auto settings = services_.config();
        const auto ca_file = settings ? (*settings)->ca_file : std::string();
        const auto roots =
            ca_file.empty() ? auth::login::TrustRoots::system : auth::login::TrustRoots::configured;
        add("machine",
            "trusted certificates",
            doctor::judge_trust_roots(
                http::find_trust_roots(ca_file),
                auth::login::check_trust_roots(roots, services_.outside().environment)));
        proxies(settings ? (*settings)->proxy : std::string());
    }

    void proxies(const std::string& configured) {
        if (!configured.empty())
            return add(
                "machine", "[http] proxy", doctor::judge_proxy("[http] proxy", configured, false));
        const auto set = [&](const char* name) {
            const auto value = services_.outside().environment(name);
            return value && !value->empty() ? *value : std::string();
        };
        bool any = false;
        for (const auto* name :
             {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
            const auto value = set(name);
            if (value.empty()) continue;
            any = true;
            add("machine", name, doctor::judge_proxy(name, value, !set("http_proxy").empty()));
        }
        if (!any) add("machine", "proxy", doctor::ok("none; servers are reached directly"));
    }

    void network() {
        const auto endpoints = doctor::endpoints_of(in_use_);
        if (endpoints.empty())
            return add("network",
                       "servers",
                       doctor::skipped("no provider is configured, logged in to, or has a key"));
        const auto send = way_out();
        if (!send) return add("network", "servers", doctor::from_error(send.error()));
        const auto answers =
            doctor::ask(endpoints, *send, services_.outside().clock, services_.outside().stop);
        for (const auto& answer : answers)
            add("network", answer.endpoint.origin, doctor::judge_answer(answer));
        add("network", "clock", doctor::judge_skew(doctor::skews_of(answers)));
    }

    Result<http::Send> way_out() {
        const auto parts = services_.auth_services();
        if (!parts) return parts.failure();
        // Opened here: several threads are about to use it.
        if (!services_.outside().send) {
            if (const auto client = services_.client(); !client) return client.failure();
        }
        return (*parts)->send;
    }

    Services& services_;
    Findings findings_;
    doctor::CredentialsFacts stored_;
    std::vector<providers::Provider> in_use_;
};

}  // namespace

Result<int> doctor(const DoctorOptions& options, Services& services, const Streams& streams) {
    const auto findings = Examination(services).run();
    if (!findings) return findings.failure();
    const std::size_t columns = streams.out_width ? streams.out_width() : 0;
    streams.out(options.json ? doctor::as_json(*findings) : doctor::as_text(*findings, columns));
    const auto problem = doctor::first_problem(*findings);
    return problem ? exit_status(*problem) : exit_done;
}

}  // namespace handover::cli
