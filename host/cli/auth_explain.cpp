// `handover auth explain`: every candidate source in order, which one wins, why the rest lose.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/commands.hpp"
#include "cli/table.hpp"

namespace handover::cli {
namespace {

namespace json = boost::json;

std::string as_json(const auth::Target& target, const std::vector<auth::Candidate>& candidates) {
    json::array rows;
    for (const auto& candidate : candidates) {
        const auto source = candidate.source.text();
        rows.push_back(
            json::object{{"method", candidate.method},
                         {"source", source.empty() ? json::value(nullptr) : json::value(source)},
                         {"present", candidate.present},
                         {"wins", candidate.wins},
                         {"reason", redact(candidate.reason)}});
    }
    return json::serialize(json::object{
               {"provider", target.provider}, {"account", target.account}, {"candidates", rows}}) +
           "\n";
}

std::string as_table(const std::vector<auth::Candidate>& candidates) {
    std::vector<std::vector<std::string>> rows = {{"", "METHOD", "SOURCE", "THERE", "WHY"}};
    for (const auto& candidate : candidates) {
        const auto source = candidate.source.text();
        rows.push_back({candidate.wins ? "*" : "",
                        candidate.method,
                        source.empty() ? "-" : source,
                        candidate.present ? "yes" : "no",
                        candidate.reason});
    }
    return table(rows);
}

}  // namespace

Result<int> auth_explain(const ExplainOptions& options,
                         Services& services,
                         const Streams& streams) {
    const auto provider = services.provider(options.provider);
    if (!provider) return provider.failure();
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    const auto target = provider->target(options.account);
    const auto candidates = (*broker)->explain(target);
    if (!candidates) return candidates.failure();
    streams.out(options.json ? as_json(target, *candidates) : as_table(*candidates));
    return 0;
}

}  // namespace handover::cli
