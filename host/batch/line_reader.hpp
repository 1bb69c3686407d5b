// Lines of a regular file, one at a time, in constant memory but for the longest line.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace handover::batch {

class LineReader {
public:
    static constexpr std::size_t longest_line =
        64U << 20U;  // bytes; a longer one is an error, not a full memory

    // Reads from the start of `fd`, which stays open and is not moved (pread).
    explicit LineReader(int fd) : fd_(fd) {}

    // The next line without its line break; nothing at the end. Valid until the next call. A last
    // line that no line break ends is a line, with `ended_by_break()` false.
    Result<std::optional<std::string_view>> next();

    [[nodiscard]] std::uint64_t number() const {
        return number_;
    }  // of the line last returned, from 1
    [[nodiscard]] std::uint64_t offset_after() const {
        return offset_after_;
    }  // where the line after it begins
    [[nodiscard]] bool ended_by_break() const { return ended_by_break_; }

private:
    Result<bool> fill();
    std::string_view take(std::size_t size, bool with_break);

    int fd_;
    std::string buffer_;
    std::size_t start_ = 0;          // of the unread part of the buffer
    std::uint64_t file_offset_ = 0;  // of the end of the buffer in the file
    std::uint64_t number_ = 0;
    std::uint64_t offset_after_ = 0;
    bool ended_by_break_ = true;
};

}  // namespace handover::batch
