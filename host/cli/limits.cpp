// `handover limits`: what is known of every credential's limits, and from where.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "auth/credential_file.hpp"
#include "cli/commands.hpp"
#include "cli/exit_status.hpp"
#include "cli/known_limits.hpp"
#include "cli/table.hpp"
#include "limits/ledger_file.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view environment_mark = "#env";

// One credential's ledger.
struct Known {
    std::string name = {};  // of the file, without its ending
    auth::CredentialId id = {};
    bool from_environment = false;
    limits::Ledger ledger = {};
};

std::optional<Known> known_of(const std::string& name) {
    Known known{.name = name, .from_environment = name.ends_with(environment_mark)};
    const auto stem =
        known.from_environment ? name.substr(0, name.size() - environment_mark.size()) : name;
    const auto id = auth::id_of_file_name(stem + ".json");
    if (!id) return std::nullopt;
    known.id = *id;
    return known;
}

std::vector<Known> find_known(const std::filesystem::path& state, const std::string& provider) {
    std::vector<Known> found;
    for (const auto& name : limits::ledger_names(state)) {
        auto known = known_of(name);
        if (!known || (!provider.empty() && known->id.provider != provider)) continue;
        known->ledger = limits::LedgerFile(state, name).load();
        found.push_back(*std::move(known));
    }
    return found;
}

std::string_view source_of(const Known& known) {
    return known.from_environment ? "env" : "stored";
}

std::string as_json(const std::vector<Known>& all) {
    json::array array;
    for (const auto& known : all) {
        auto object = ledger_json(known.ledger);
        object["provider"] = known.id.provider;
        object["account"] = known.id.account;
        object["source"] = source_of(known);
        array.push_back(std::move(object));
    }
    return json::serialize(array) + "\n";
}

std::string when(const std::optional<Time>& time, Time now) {
    if (!time) return "-";
    const auto left = std::chrono::ceil<Milliseconds>(*time - now);
    return left.count() > 0 ? "in " + text::describe_duration(left)
                            : text::describe_duration(-left) + " ago";
}

std::string used_of(const limits::Window& window) {
    return window.used_percent ? fmt::format("{:.0f} %", *window.used_percent) : "-";
}

std::string left_of(const limits::Window& window) {
    if (!window.remaining) return "-";
    return window.limit ? fmt::format("{} of {}", *window.remaining, *window.limit)
                        : std::to_string(*window.remaining);
}

std::string as_table(const std::vector<Known>& all, Time now) {
    std::vector<std::vector<std::string>> rows = {
        {"PROVIDER", "ACCOUNT", "LIMIT", "USED", "LEFT", "WINDOW", "RESETS", "SOURCE", "SEEN"}};
    for (const auto& known : all) {
        const auto account = known.id.account + (known.from_environment ? " (env)" : "");
        for (const auto& window : known.ledger.windows) {
            rows.push_back({known.id.provider,
                            account,
                            window.name,
                            used_of(window),
                            left_of(window),
                            window.length ? text::describe_duration(*window.length) : "-",
                            when(window.resets_at, now),
                            window.source == limits::FactSource::header ? "header" : "error",
                            when(window.observed_at, now)});
        }
        if (const auto& blocked = known.ledger.blocked) {
            rows.push_back({known.id.provider,
                            account,
                            "blocked",
                            "100 %",
                            "-",
                            "-",
                            when(blocked->until, now),
                            "error",
                            when(blocked->since, now)});
        }
    }
    return table(rows);
}

// A provider that nothing is known of may still be one.
Result<void> check_name(const std::string& provider, Services& services) {
    const auto found = services.provider(provider);
    return found ? Result<void>() : Result<void>(found.failure());
}

int clear(const std::vector<Known>& all,
          const std::filesystem::path& state,
          const Streams& streams) {
    for (const auto& known : all) {
        if (!limits::LedgerFile(state, known.name).clear()) continue;
        streams.say(text::printable(
            fmt::format("Forgot the limits of {} ({})", known.id.provider, known.id.account)));
    }
    if (all.empty()) streams.say("Nothing was known.");
    return exit_done;
}

}  // namespace

Result<int> show_limits(const LimitsOptions& options, Services& services, const Streams& streams) {
    const auto paths = services.paths();
    if (!paths) return paths.failure();
    const auto& state = (*paths)->state;
    const auto all = find_known(state, options.provider);
    if (all.empty() && !options.provider.empty()) {
        if (auto checked = check_name(options.provider, services); !checked)
            return checked.failure();
    }
    if (options.clear) return clear(all, state, streams);
    if (options.json) {
        streams.out(as_json(all));
        return exit_done;
    }
    if (all.empty()) {
        streams.say("Nothing is known yet: providers tell their limits with their answers.");
        return exit_done;
    }
    streams.out(as_table(all, services.outside().clock()));
    return exit_done;
}

}  // namespace handover::cli
