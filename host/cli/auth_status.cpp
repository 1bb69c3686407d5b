// `handover auth status`: the stored credentials and the environment, as they are. Never refreshes,
// sends nothing.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "auth/method_names.hpp"
#include "cli/commands.hpp"
#include "cli/exit_status.hpp"
#include "cli/known_limits.hpp"
#include "cli/stored_target.hpp"
#include "cli/table.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

namespace json = boost::json;

struct Row {
    auth::StatusReport report = {};
    std::string plugin = {};  // empty: the provider is not set up any more
    int concurrency = 1;
    std::string concurrency_note = {};
    limits::Ledger limits = {};
};

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value login_needed_json(const std::optional<auth::LoginNeeded>& needed) {
    if (!needed) return nullptr;
    return json::object{{"code", needed->code}, {"at", text::format_rfc3339(needed->at)}};
}

json::value limits_json(const limits::Ledger& ledger) {
    if (ledger == limits::Ledger()) return nullptr;
    return ledger_json(ledger);
}

json::object as_json(const Row& row) {
    const auto& report = row.report;
    json::object claims;
    for (const auto& [name, value] : report.claims) claims[name] = value;
    return {
        {"provider", report.provider},
        {"plugin", text_or_null(row.plugin)},
        {"method", text_or_null(report.method)},
        {"billing",
         report.billing ? json::value(auth::name_of(*report.billing, auth::billings))
                        : json::value(nullptr)},
        {"account", report.account},
        {"status", auth::status_json(report.status)},
        {"source", text_or_null(report.source.text())},
        {"expires_at",
         report.expires_at ? json::value(text::format_rfc3339(*report.expires_at))
                           : json::value(nullptr)},
        {"refreshable", report.refreshable},
        {"concurrency", row.concurrency},
        {"claims", claims},
        {"login_needed", login_needed_json(report.login_needed)},
        {"lease_holder_pid",
         report.lease_holder_pid ? json::value(*report.lease_holder_pid) : json::value(nullptr)},
        {"limits", limits_json(row.limits)},
        {"note", text_or_null(redact(report.note))}};
}

std::string expiry_for_people(const std::optional<Time>& expires_at, Time now) {
    if (!expires_at) return "-";
    const auto left = std::chrono::duration_cast<Milliseconds>(*expires_at - now);
    if (left.count() < 0) return text::describe_duration(-left) + " ago";
    return "in " + text::describe_duration(left);
}

std::string plan_of(const auth::StatusReport& report) {
    for (const auto* name : {"plan", "plan_type"}) {
        if (const auto found = report.claims.find(name); found != report.claims.end())
            return found->second;
    }
    return "-";
}

std::string as_table(const std::vector<Row>& rows, Time now) {
    std::vector<std::vector<std::string>> cells = {
        {"PROVIDER", "METHOD", "ACCOUNT", "STATUS", "EXPIRES", "PLAN"}};
    for (const auto& row : rows) {
        const auto& report = row.report;
        cells.push_back({report.provider,
                         report.method.empty() ? "-" : report.method,
                         report.account,
                         std::string(auth::status_text(report.status)),
                         expiry_for_people(report.expires_at, now),
                         plan_of(report)});
    }
    return table(cells);
}

void say_notes(const std::vector<Row>& rows, Time now, const Streams& streams) {
    for (const auto& row : rows) {
        const auto& report = row.report;
        const auto say = [&](const std::string& note) {
            streams.say(text::printable(
                redact(fmt::format("{} ({}): {}", report.provider, report.account, note))));
        };
        if (!report.note.empty()) say(report.note);
        if (!row.concurrency_note.empty()) say(row.concurrency_note);
        if (report.lease_holder_pid)
            say(fmt::format("a request is in flight in process {}", *report.lease_holder_pid));
        for (const auto& note : limit_notes(row.limits, now)) say(note);
    }
}

Row row_of(auth::StatusReport report, const StoredTarget& found) {
    Row row{.report = std::move(report)};
    if (!found.provider) {
        if (row.report.note.empty()) row.report.note = found.error->message;
        return row;
    }
    row.plugin = found.provider->plugin;
    auto concurrency =
        auth::effective_concurrency(row.report.billing.value_or(auth::Billing::metered),
                                    found.provider->configured_concurrency,
                                    found.provider->manifest_concurrency);
    row.concurrency = concurrency.value;
    row.concurrency_note = std::move(concurrency.note);
    return row;
}

Result<std::vector<Row>> rows_of(const std::string& name,
                                 const std::vector<auth::CredentialId>& stored,
                                 Services& services) {
    const auto found = target_or_stored(name, {}, stored, services);
    if (!found) return found.failure();
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    auto reports = (*broker)->status(found->target);
    if (!reports) return reports.failure();
    const auto paths = services.paths();
    if (!paths) return paths.failure();
    std::vector<Row> rows;
    for (auto& report : *reports) {
        auto known = known_limits(report, (*paths)->state);
        rows.push_back(row_of(std::move(report), *found));
        rows.back().limits = std::move(known);
    }
    return rows;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// A plugin nobody configured is shown where its key stands in the environment: `run` would use it.
bool served_by_environment(const std::vector<Row>& rows) {
    return std::any_of(rows.begin(), rows.end(), [](const Row& row) {
        return row.report.source.kind == auth::SourceKind::environment;
    });
}

struct Everything {
    std::vector<Row> rows = {};
    std::vector<std::pair<std::string, Error>> broken =
        {};  // configured providers that cannot be resolved
};

Result<Everything> every_provider(const std::vector<auth::CredentialId>& stored,
                                  Services& services) {
    const auto settings = services.config();
    if (!settings) return settings.failure();
    const auto catalogue = services.catalogue();
    if (!catalogue) return catalogue.failure();
    std::vector<std::string> names;
    for (const auto& [name, provider] : (*settings)->providers) add_once(names, name);
    for (const auto& id : stored) add_once(names, id.provider);
    const auto certain = names.size();
    for (const auto& id : (*catalogue)->ids()) add_once(names, id);

    Everything everything;
    for (std::size_t index = 0; index < names.size(); ++index) {
        auto rows = rows_of(names[index], stored, services);
        const bool wanted = index < certain;
        if (!rows) {
            if (wanted) everything.broken.emplace_back(names[index], rows.error());
            continue;
        }
        if (!wanted && !served_by_environment(*rows)) continue;
        everything.rows.insert(everything.rows.end(), rows->begin(), rows->end());
    }
    return everything;
}

std::string json_of(const std::vector<Row>& rows) {
    json::array array;
    for (const auto& row : rows) array.push_back(as_json(row));
    return json::serialize(array) + "\n";
}

void show(const std::vector<Row>& rows,
          const StatusOptions& options,
          const Services& services,
          const Streams& streams) {
    if (options.json) return streams.out(json_of(rows));
    streams.out(as_table(rows, services.outside().clock()));
    say_notes(rows, services.outside().clock(), streams);
}

Result<int> status_of_one(const StatusOptions& options,
                          const std::vector<auth::CredentialId>& stored,
                          Services& services,
                          const Streams& streams) {
    const auto rows = rows_of(options.provider, stored, services);
    if (!rows) return rows.failure();
    show(*rows, options, services, streams);
    const bool usable =
        std::any_of(rows->begin(), rows->end(), [](const Row& row) { return row.report.usable(); });
    return usable ? exit_done : exit_authentication;
}

}  // namespace

Result<int> auth_status(const StatusOptions& options, Services& services, const Streams& streams) {
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    const auto stored = (*broker)->list();
    if (!stored) return stored.failure();
    if (!options.provider.empty()) return status_of_one(options, *stored, services, streams);

    const auto everything = every_provider(*stored, services);
    if (!everything) return everything.failure();
    show(everything->rows, options, services, streams);
    for (const auto& [name, error] : everything->broken) {
        streams.say(text::printable(redact(fmt::format("warning: {}: {}", name, error.message))));
    }
    if (everything->rows.empty() && !options.json) {
        streams.say(
            "No provider is configured and no credential is stored; `handover` says what to do "
            "next.");
    }
    return exit_done;
}

}  // namespace handover::cli
