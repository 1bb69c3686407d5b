// The limits of every credential that this process uses: asked before a request, told after its
// answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "limits/ledger.hpp"

namespace handover::limits {

// Which credential a request uses.
struct Use {
    std::string name = {};  // of its ledger
    std::uint64_t generation = 0;

    bool operator==(const Use&) const = default;
};

// What an answer told.
struct Answered {
    enum class How { success, failure, quota_exhausted };

    How how = How::failure;
    std::vector<Window> windows = {};
    std::optional<Time> until = {};  // with quota_exhausted
    std::string reason = {};         // with quota_exhausted: the provider's words
    Time sent_at = {};
};

// Thread-safe.
class Ledgers {
public:
    explicit Ledgers(std::filesystem::path state_folder);
    ~Ledgers();  // writes what was held back
    Ledgers(const Ledgers&) = delete;
    Ledgers& operator=(const Ledgers&) = delete;

    // A block that another process learned of is seen within a tenth of a second.
    Decision admit(const Use& use, Time now);

    // Windows are written at most once a second, the beginning and the end of a block at once.
    void learn(const Use& use, Answered answer, Time now);

private:
    struct Kept;
    Kept& kept(const std::string& name);  // requires mutex_

    std::filesystem::path state_folder_;
    std::mutex mutex_;  // guards the map and what stands in it beside the files; no I/O inside
    std::map<std::string, std::unique_ptr<Kept>> kept_;
};

}  // namespace handover::limits
