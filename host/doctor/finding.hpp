// What one look found: measured, expected, and what to do. Pure.
#pragma once

#include <handover/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handover::doctor {

enum class State { ok, skipped, warning, problem };
std::string_view state_name(State state);

struct Finding {
    std::string area = {};     // "credentials"
    std::string subject = {};  // "codex@default"
    State state = State::ok;
    std::string measured = {};
    std::string expected = {};  // empty where all is well
    std::string fix = {};
    Errc code = Errc::internal;  // counts for a problem: the family of the exit status

    bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

// An error as a finding: its message and reason were measured.
Finding from_error(const Error& error, State state = State::problem);

Finding ok(std::string measured);
Finding skipped(std::string why);

// Fills in where a finding belongs.
Finding in(std::string area, std::string subject, Finding finding);

// The code of the first problem; nothing if there is none.
std::optional<Errc> first_problem(const Findings& findings);

// For people: a heading for each area, lines no wider than `columns` where words allow it; 0:
// unlimited. Nothing of it holds control characters or a live secret.
std::string as_text(const Findings& findings, std::size_t columns);

// {"state", "rows": [{"area", "subject", "state", "measured", "expected", "fix", "code"}]} on one
// line.
std::string as_json(const Findings& findings);

}  // namespace handover::doctor
