#include "cli/known_limits.hpp"

#include <boost/json.hpp>

#include "auth/credential_file.hpp"
#include "limits/ledger_file.hpp"

namespace handover::cli {

boost::json::object ledger_json(const limits::Ledger& ledger) {
    auto object = boost::json::parse(limits::print_ledger(ledger)).as_object();
    object.erase("version");
    return object;
}

limits::Ledger known_limits(const auth::StatusReport& report, const std::filesystem::path& state) {
    const auto stem = auth::file_stem({.provider = report.provider, .account = report.account});
    const bool from_environment = report.source.kind == auth::SourceKind::environment;
    return limits::LedgerFile(state, stem + (from_environment ? "#env" : "")).load();
}

std::vector<std::string> limit_notes(const limits::Ledger& ledger, Time now) {
    std::vector<std::string> notes;
    if (ledger.blocked) notes.push_back("quota: " + limits::describe(*ledger.blocked, now));
    for (const auto& window : ledger.windows)
        notes.push_back("limit: " + limits::describe(window, now));
    return notes;
}

}  // namespace handover::cli
