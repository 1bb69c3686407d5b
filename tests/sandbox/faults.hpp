// The faults that a test or a demo can set, at start or at run time.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handover::sandbox {

// A fault that is set. What `number` and `text` mean is said in the table in faults.cpp.
struct Fault {
    std::int64_t remaining = -1;  // how often it still strikes; -1: until it is cleared
    std::int64_t number = 0;
    std::string text = {};

    bool operator==(const Fault&) const = default;
};

// Every fault there is; tests/sandbox/README.md describes each.
std::vector<std::string> fault_names();

class Faults {
public:
    // A JSON object of NAME: VALUE. VALUE is true (until cleared), false or null (cleared), a
    // number or a text as the fault wants it, or {"count": N, "value": ...}; for a fault that wants
    // no value a number is the count. "reset": true clears all first. Nothing changes on an error
    // (USAGE).
    Result<void> apply(std::string_view json);

    // NAME or NAME=VALUE of the command line.
    Result<void> apply_argument(std::string_view argument);

    // The fault if it is set, counting it as having struck.
    std::optional<Fault> strike(std::string_view name);

    // The same where nothing but the fact matters.
    bool strikes(std::string_view name) { return strike(name).has_value(); }

    // The fault if it is set, without counting.
    [[nodiscard]] std::optional<Fault> peek(std::string_view name) const;

    [[nodiscard]] std::string to_json() const;

private:
    std::map<std::string, Fault, std::less<>> set_;
};

}  // namespace handover::sandbox
