// The ledgers on disk: state/limits/PROVIDER@ACCOUNT.json, shared by all processes.
#pragma once

#include <handover/result.hpp>

#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "limits/ledger.hpp"

namespace handover::limits {

// One credential's ledger. Thread-safe. What cannot be read or written is as if nothing were known:
// limits are a courtesy, and a full disk must not stop a request.
class LedgerFile {
public:
    // `name`: the credential's file name without its ending.
    LedgerFile(const std::filesystem::path& state_folder, const std::string& name);

    [[nodiscard]] Ledger load() const;

    // Reads, changes and writes under a lock of its own, so that facts of several processes do not
    // overwrite one another. Nothing is written where `change` changes nothing.
    void update(const std::function<Ledger(Ledger)>& change);

    // The decision for one request, with the probe's reservation written under the lock: of all
    // processes one gets `probe`.
    Decision admit(std::uint64_t generation, Time now);

    // Removes what is known; false if there was nothing.
    bool clear();

private:
    std::filesystem::path file_;
    std::mutex mutex_;  // one update at a time in this process; spans a small file
};

// The names of all ledgers, sorted.
std::vector<std::string> ledger_names(const std::filesystem::path& state_folder);

}  // namespace handover::limits
