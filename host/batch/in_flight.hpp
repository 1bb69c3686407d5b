// OUTPUT.state: which lines are in flight, so that a run after a kill can say what it sends again.
// One slot for each request that may run at a time, written in place before the send and cleared
// after the answer is in the output.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "platform/files.hpp"

namespace handover::batch {

class InFlight {
public:
    // Opens or makes the file (0600), never through a symbolic link.
    static Result<InFlight> open(const std::filesystem::path& file, std::size_t slots);

    // The input lines (numbers from 1) that were in flight when the file was last written. What
    // does not parse is no line.
    [[nodiscard]] const std::vector<std::uint64_t>& left_over() const { return left_over_; }

    // Makes every slot empty: this run starts. Call when `left_over` was looked at.
    Result<void> reset();

    // `slot` is below `slots`; one thread per slot.
    Result<void> begin(std::size_t slot, std::uint64_t line);
    Result<void> end(std::size_t slot);

    // Removes the file: the batch is complete.
    void remove();

private:
    InFlight() = default;
    Result<void> write_slot(std::size_t slot, std::optional<std::uint64_t> line);

    std::filesystem::path path_;
    platform::Descriptor file_;
    std::size_t slots_ = 0;
    std::vector<std::uint64_t> left_over_;
};

}  // namespace handover::batch
