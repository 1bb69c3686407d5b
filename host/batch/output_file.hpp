// OUTPUT.jsonl: append-only, whole lines, its own checkpoint.
#pragma once

#include <handover/result.hpp>

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <mutex>
#include <string_view>

#include "batch/result_line.hpp"
#include "platform/files.hpp"

namespace handover::batch {

class OutputFile {
public:
    // Opens or makes the file (0600). It must be a regular file, not the same as `input_fd`, and
    // not in use by another batch (flock); a last line that no line break ends is cut off.
    static Result<OutputFile> open(const std::filesystem::path& file, int input_fd);

    OutputFile(OutputFile&&) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile() = default;

    // Calls `visit` for every recorded line, in order. STORE_CORRUPT with the line's number for one
    // that is no batch response: a file of something else is never appended to.
    Result<void> for_each(const std::function<void(const Recorded&)>& visit) const;

    // Appends one line with one write(2). On a short write (full disk) the file is cut back to
    // whole lines and the error returned. Thread-safe.
    Result<void> append(std::string_view line);

    // Keeps the last line of every custom_id, by writing a sibling and renaming it over the file.
    Result<void> compact();

    [[nodiscard]] bool cut_torn_line() const { return cut_torn_line_; }

private:
    OutputFile() = default;

    std::filesystem::path path_;
    platform::Descriptor file_;
    std::mutex mutex_;  // guards size_ and the order of appends
    off_t size_ = 0;
    bool cut_torn_line_ = false;
};

}  // namespace handover::batch
