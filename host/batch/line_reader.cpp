#include "batch/line_reader.hpp"

#include <unistd.h>

#include <cerrno>

#include "platform/files.hpp"

namespace handover::batch {

Result<bool> LineReader::fill() {
    constexpr std::size_t step = 256U << 10U;
    if (start_ > 0) {
        buffer_.erase(0, start_);
        start_ = 0;
    }
    if (buffer_.size() > longest_line) {
        return fail({.code = Errc::batch_input_invalid,
                     .message = "line " + std::to_string(number_ + 1) + " is longer than 64 MiB",
                     .reason = {},
                     .fix = "give one JSON object a line"});
    }
    const auto before = buffer_.size();
    buffer_.resize(before + step);
    ssize_t got = -1;
    do {
        got = pread(fd_, buffer_.data() + before, step, static_cast<off_t>(file_offset_));
    } while (got < 0 && errno == EINTR);
    const int error_number = errno;
    buffer_.resize(before + static_cast<std::size_t>(got < 0 ? 0 : got));
    if (got < 0) {
        return fail({.code = Errc::store_io,
                     .message = "cannot read on after line " + std::to_string(number_),
                     .reason = platform::error_text(error_number),
                     .fix = {}});
    }
    file_offset_ += static_cast<std::uint64_t>(got);
    return got > 0;
}

std::string_view LineReader::take(std::size_t size, bool with_break) {
    const auto line = std::string_view(buffer_).substr(start_, size);
    const auto consumed = size + (with_break ? 1 : 0);
    start_ += consumed;
    offset_after_ += consumed;
    ++number_;
    ended_by_break_ = with_break;
    return line;
}

Result<std::optional<std::string_view>> LineReader::next() {
    std::size_t searched = 0;
    for (;;) {
        const auto unread = std::string_view(buffer_).substr(start_);
        const auto end = unread.find('\n', searched);
        if (end != std::string_view::npos) return std::optional(take(end, true));
        searched = unread.size();
        auto more = fill();
        if (!more) return more.failure();
        if (*more) continue;
        if (buffer_.size() == start_) return std::optional<std::string_view>();
        return std::optional(take(buffer_.size() - start_, false));
    }
}

}  // namespace handover::batch
