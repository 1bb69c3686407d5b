// config/presets.toml is compiled in. A look-up cuts one preset's lines out of it and parses those
// alone.
#include <algorithm>
#include <optional>

#include "config/config.hpp"
#include "config/provider_settings.hpp"

namespace handover::config {
namespace {

// The preset that a line opens a table of: "groq" for "[groq]" and "[groq.auth.api-key]"; empty for
// any other line.
std::string_view opened_preset(std::string_view line) {
    if (line.size() < 2 || line.front() != '[') return {};
    return line.substr(1, line.find_first_of(".]") - 1);
}

// Calls `visit(name, begin, end)` for each table of the file, in order.
template <typename Visit>
void each_table(std::string_view text, Visit visit) {
    std::string_view name;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto opened = opened_preset(text.substr(at, end - at));
        if (!opened.empty()) {
            if (!name.empty()) visit(name, begin, at);
            name = opened;
            begin = at;
        }
        at = end + 1;
    }
    if (!name.empty()) visit(name, begin, text.size());
}

}  // namespace

Result<std::optional<ProviderSettings>> find_preset(const std::string& name) {
    const auto text = presets_text();
    std::string own;
    each_table(text, [&](std::string_view table, std::size_t begin, std::size_t end) {
        if (table == name) own += text.substr(begin, end - begin);
    });
    if (own.empty()) return std::optional<ProviderSettings>();

    const auto document = parse_toml(own, "preset " + name, Errc::config_invalid);
    if (!document) return document.failure();
    const auto* value = document->find(name);
    const auto* table = value == nullptr ? nullptr : std::get_if<Table>(&value->data);
    if (table == nullptr) return std::optional<ProviderSettings>();
    Problems problems;
    auto settings = read_provider_settings(*table, "preset " + name, SettingsOf::preset, problems);
    if (!problems.empty())
        return fail(problems.error(Errc::config_invalid, "report this: a preset is compiled in"));
    return std::optional(std::move(settings));
}

std::vector<std::string> preset_names() {
    std::vector<std::string> names;
    each_table(presets_text(), [&](std::string_view table, std::size_t, std::size_t) {
        if (names.empty() || names.back() != table) names.emplace_back(table);
    });
    return names;
}

}  // namespace handover::config
