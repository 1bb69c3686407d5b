// A batch's input: a file, or stdin spooled to one, checked whole before anything is sent.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "batch/line_index.hpp"
#include "batch/line_reader.hpp"
#include "batch/request_line.hpp"
#include "platform/files.hpp"

namespace handover::batch {

class Input {
public:
    // "-" is stdin, copied into an unnamed file in the temporary folder; so is anything that is not
    // a regular file.
    static Result<Input> open(const std::string& name);

    // Reads every line. BATCH_INPUT_INVALID names each bad line (the first 20 of them) by number,
    // and custom_ids that occur twice.
    Result<LineIndex> check() const;

    [[nodiscard]] int fd() const { return file_.get(); }

private:
    Input() = default;

    std::string name_;
    platform::Descriptor file_;
};

// One line of work: a request and where it stood.
struct Work {
    std::uint64_t line = 0;
    RequestLine request = {};
};

// Walks the input's requests that are not marked in `answered`. The caller keeps `answered`
// unchanged for ids it has yet to read.
class WorkQueue {
public:
    WorkQueue(int fd, const LineIndex& answered) : lines_(fd), answered_(answered) {}
    Result<std::optional<Work>> next();

private:
    LineReader lines_;
    const LineIndex& answered_;
};

}  // namespace handover::batch
