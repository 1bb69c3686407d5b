// `handover plugins list`: what lies in the folders, read without running a line of plugin code.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>

#include "cli/commands.hpp"
#include "cli/error_output.hpp"
#include "cli/table.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

namespace json = boost::json;

std::string_view state_of(const plugins::Entry& entry) {
    if (entry.error) return "broken";
    return entry.shadowed_by.empty() ? "ok" : "shadowed";
}

json::array strings(const std::vector<std::string>& texts) {
    return json::array(texts.begin(), texts.end());
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value error_of(const plugins::Entry& entry) {
    if (!entry.error) return nullptr;
    return json::parse(error_json(*entry.error)).as_object().at("error");
}

std::string as_json(const std::vector<plugins::Entry>& entries) {
    json::array rows;
    for (const auto& entry : entries) {
        rows.push_back(json::object{{"id", text_or_null(entry.id)},
                                    {"version", text_or_null(entry.version)},
                                    {"name", text_or_null(entry.name)},
                                    {"file", entry.file.string()},
                                    {"state", state_of(entry)},
                                    {"auth_methods", strings(entry.auth_methods)},
                                    {"dialects", strings(entry.dialects)},
                                    {"shadowed_by", text_or_null(entry.shadowed_by.string())},
                                    {"error", error_of(entry)}});
    }
    return json::serialize(rows) + "\n";
}

std::string as_table(const std::vector<plugins::Entry>& entries) {
    std::vector<std::vector<std::string>> rows = {
        {"ID", "VERSION", "STATE", "AUTH", "DIALECTS", "FILE"}};
    for (const auto& entry : entries) {
        rows.push_back({entry.id.empty() ? "-" : entry.id,
                        entry.version.empty() ? "-" : entry.version,
                        std::string(state_of(entry)),
                        fmt::format("{}", fmt::join(entry.auth_methods, ", ")),
                        fmt::format("{}", fmt::join(entry.dialects, ", ")),
                        entry.file.string()});
    }
    return table(rows);
}

void say_troubles(const std::vector<plugins::Entry>& entries, const Streams& streams) {
    for (const auto& entry : entries) {
        if (!entry.shadowed_by.empty()) {
            streams.say(text::printable(
                fmt::format("warning: {} is not used: {} has the same id and comes first",
                            entry.file.string(),
                            entry.shadowed_by.string())));
        }
        if (entry.error) streams.err(error_text(*entry.error, streams.color));
    }
}

}  // namespace

Result<int> plugins_list(const PluginsListOptions& options,
                         Services& services,
                         const Streams& streams) {
    const auto catalogue = services.catalogue();
    if (!catalogue) return catalogue.failure();
    const auto& entries = (*catalogue)->entries();
    if (options.json) {
        streams.out(as_json(entries));
        return 0;
    }
    if (entries.empty()) {
        streams.say("No plugin found. The folders that are searched, in order:");
        for (const auto& folder : (*catalogue)->folders())
            streams.say("  " + text::printable(folder.string()));
        return 0;
    }
    streams.out(as_table(entries));
    say_troubles(entries, streams);
    return 0;
}

}  // namespace handover::cli
