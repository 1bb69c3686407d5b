// What is known of a credential's limits: windows with their use and reset, each with where the
// fact came from, and whether the provider said "blocked until". Pure; ledger_file.hpp keeps it on
// disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/time.hpp"

namespace handover::limits {

enum class FactSource { header, error };

struct Window {
    std::string name = {};
    std::optional<double> used_percent = {};
    std::optional<std::int64_t> limit = {};
    std::optional<std::int64_t> remaining = {};
    std::optional<std::chrono::seconds> length = {};
    std::optional<Time> resets_at = {};
    FactSource source = FactSource::header;
    Time observed_at = {};

    bool operator==(const Window&) const = default;
};

// The provider refused for want of quota.
struct Blocked {
    std::optional<Time> until = {};  // absent: it did not say
    std::string reason = {};         // its words, cleaned
    Time since = {};
    Time probe_at = {};            // the earliest time at which one request may try again
    std::uint64_t generation = 0;  // of the credential it belongs to

    bool operator==(const Blocked&) const = default;
};

struct Ledger {
    std::vector<Window> windows = {};
    std::optional<Blocked> blocked = {};

    bool operator==(const Ledger&) const = default;
};

// "Blocked until Tuesday" is tried again after so long, one request at a time: resets come early,
// plans change.
inline constexpr auto probe_interval = std::chrono::minutes(30);

enum class Admission {
    go,      // nothing known against it
    probe,   // blocked, but it is time for one request to try; the ledger to store first is in
             // `next`
    refuse,  // blocked
};
struct Decision {
    Admission admission = Admission::go;
    Ledger next =
        {};  // with `probe`: the next probe is put off, so that others are refused meanwhile
};
// `generation` of the credential in use: a block of an older one does not count.
Decision admit(const Ledger& ledger, std::uint64_t generation, Time now);

// After a quota refusal.
Ledger block(Ledger ledger,
             std::optional<Time> until,
             const std::string& reason,
             std::uint64_t generation,
             Time now);
// After a success: whatever was blocked is not any more.
Ledger unblock(Ledger ledger);
// New facts replace old ones of the same name; windows whose reset has passed more than a day ago
// are dropped.
Ledger observe(Ledger ledger, const std::vector<Window>& windows, Time now);

// JSON for the file and for `handover limits --json`. Nothing for what does not parse.
std::string print_ledger(const Ledger& ledger);
std::optional<Ledger> parse_ledger(std::string_view json);

// One line for people: "primary 42 % of 5 h, resets in 2 h 10 min".
std::string describe(const Window& window, Time now);
std::string describe(const Blocked& blocked, Time now);

}  // namespace handover::limits
