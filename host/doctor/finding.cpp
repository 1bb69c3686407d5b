#include "doctor/finding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "secret/secret.hpp"
#include "text/printable.hpp"
#include "text/wrap.hpp"

namespace handover::doctor {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 4> state_names = {"ok", "skipped", "warning", "problem"};
constexpr std::size_t indent = 11;  // "  problem  "
constexpr std::size_t longest = 1000;

std::string clean(const std::string& text) {
    return text::printable(redact(text), longest);
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(clean(text));
}

State worst(const Findings& findings) {
    auto state = State::ok;
    for (const auto& finding : findings) state = std::max(state, finding.state);
    return state == State::skipped ? State::ok : state;
}

std::string line(const std::string& text, std::size_t columns) {
    return std::string(indent, ' ') + text::wrapped(clean(text), columns, indent) + "\n";
}

std::string row(const Finding& finding, std::size_t columns) {
    auto out = line(fmt::format("{}: {}", finding.subject, finding.measured), columns);
    const auto name = state_name(finding.state);
    out.replace(2, name.size(), name);
    if (!finding.expected.empty()) out += line("expected: " + finding.expected, columns);
    if (!finding.fix.empty()) out += line("fix: " + finding.fix, columns);
    return out;
}

std::string plural(std::ptrdiff_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string summary(const Findings& findings) {
    const auto count = [&](State state) {
        return std::count_if(findings.begin(), findings.end(), [&](const Finding& finding) {
            return finding.state == state;
        });
    };
    return fmt::format("{}, {}.\n",
                       plural(count(State::problem), "problem"),
                       plural(count(State::warning), "warning"));
}

}  // namespace

std::string_view state_name(State state) {
    return state_names[static_cast<std::size_t>(state)];
}

Finding from_error(const Error& error, State state) {
    return {.state = state,
            .measured = error.reason.empty() ? error.message : error.message + ": " + error.reason,
            .fix = error.fix,
            .code = error.code};
}

Finding ok(std::string measured) {
    return {.measured = std::move(measured)};
}

Finding skipped(std::string why) {
    return {.state = State::skipped, .measured = std::move(why)};
}

Finding in(std::string area, std::string subject, Finding finding) {
    finding.area = std::move(area);
    finding.subject = std::move(subject);
    return finding;
}

std::optional<Errc> first_problem(const Findings& findings) {
    const auto found = std::find_if(findings.begin(), findings.end(), [](const Finding& finding) {
        return finding.state == State::problem;
    });
    return found == findings.end() ? std::nullopt : std::optional(found->code);
}

std::string as_text(const Findings& findings, std::size_t columns) {
    std::string out;
    std::string_view area;
    for (const auto& finding : findings) {
        if (finding.area != area) out += (out.empty() ? "" : "\n") + clean(finding.area) + "\n";
        area = finding.area;
        out += row(finding, columns);
    }
    return out + "\n" + summary(findings);
}

std::string as_json(const Findings& findings) {
    json::array rows;
    for (const auto& finding : findings) {
        const bool problem = finding.state == State::problem;
        rows.push_back(json::object{
            {"area", clean(finding.area)},
            {"subject", clean(finding.subject)},
            {"state", state_name(finding.state)},
            {"measured", clean(finding.measured)},
            {"expected", text_or_null(finding.expected)},
            {"fix", text_or_null(finding.fix)},
            {"code", problem ? json::value(code_name(finding.code)) : json::value(nullptr)}});
    }
    return json::serialize(json::object{{"state", state_name(worst(findings))}, {"rows", rows}}) +
           "\n";
}

}  // namespace handover::doctor
