#include "batch/output_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "batch/line_index.hpp"
#include "batch/line_reader.hpp"
#include "batch/request_line.hpp"

namespace handover::batch {
namespace {

Failure cannot(const char* what,
               const std::filesystem::path& file,
               std::string reason,
               std::string fix = {}) {
    return fail({.code = Errc::store_io,
                 .message = fmt::format("cannot {} {}", what, file.string()),
                 .reason = std::move(reason),
                 .fix = std::move(fix)});
}

Failure usage(std::string message, std::string fix) {
    return fail(
        {.code = Errc::usage, .message = std::move(message), .reason = {}, .fix = std::move(fix)});
}

Result<off_t> check_kind(int fd, const std::filesystem::path& file, int input_fd) {
    struct stat output = {};
    struct stat input = {};
    if (fstat(fd, &output) != 0) return cannot("look at", file, platform::error_text(errno));
    if (!S_ISREG(output.st_mode)) {
        return usage(file.string() + " is not a regular file",
                     "name a file: the output is also the checkpoint");
    }
    if (fstat(input_fd, &input) == 0 && input.st_dev == output.st_dev &&
        input.st_ino == output.st_ino) {
        return usage("input and output are the same file", "name another file with -o");
    }
    return output.st_size;
}

// Where the last whole line ends.
Result<off_t> end_of_whole_lines(int fd) {
    LineReader lines(fd);
    off_t end = 0;
    for (;;) {
        auto line = lines.next();
        if (!line) return line.failure();
        if (!line->has_value()) return end;
        if (lines.ended_by_break()) end = static_cast<off_t>(lines.offset_after());
    }
}

// Line number of the last record of each id that was recorded more than once, sorted by the id's
// hash.
using LastLines = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

LastLines::iterator find_last(LastLines& last, std::uint64_t hash) {
    const auto at = std::lower_bound(last.begin(), last.end(), std::pair(hash, std::uint64_t{0}));
    return at != last.end() && at->first == hash ? at : last.end();
}

Result<void> for_each_record(
    int fd, const std::function<void(const Recorded&, std::string_view, std::uint64_t)>& visit) {
    LineReader lines(fd);
    for (;;) {
        auto line = lines.next();
        if (!line) return line.failure();
        if (!line->has_value()) return {};
        if (const auto recorded = parse_recorded(**line)) visit(*recorded, **line, lines.number());
    }
}

Result<LastLines> last_lines_of_repeated(int fd) {
    LineIndex index;
    auto read = for_each_record(
        fd, [&](const auto& recorded, auto, auto) { index.add(recorded.custom_id); });
    if (!read) return read.failure();
    LastLines last;
    for (const auto hash : index.seal()) last.emplace_back(hash, 0);
    if (last.empty()) return last;
    read = for_each_record(fd, [&](const auto& recorded, auto, auto number) {
        if (const auto at = find_last(last, index.hash(recorded.custom_id)); at != last.end())
            at->second = number;
    });
    if (!read) return read.failure();
    return last;
}

bool copy_last_lines(int from, int to, LastLines& last) {
    const LineIndex hasher;
    bool written = true;
    const auto copied = for_each_record(from, [&](const auto& recorded, auto line, auto number) {
        const auto at = find_last(last, hasher.hash(recorded.custom_id));
        if (at != last.end() && at->second != number) return;
        written = written && platform::write_all(to, std::string(line) + "\n");
    });
    return written && copied.has_value();
}

}  // namespace

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::move(other.file_)),
      size_(other.size_),
      cut_torn_line_(other.cut_torn_line_) {}

Result<OutputFile> OutputFile::open(const std::filesystem::path& file, int input_fd) {
    OutputFile output;
    output.path_ = file;
    // O_NONBLOCK: a pipe of that name must not hang us before it is refused.
    output.file_ = platform::Descriptor(::open(
        file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
    if (!output.file_.valid()) return cannot("open", file, platform::error_text(errno));
    auto size = check_kind(output.file_.get(), file, input_fd);
    if (!size) return size.failure();
    if (flock(output.file_.get(), LOCK_EX | LOCK_NB) != 0) {
        return cannot(
            "lock",
            file,
            errno == EWOULDBLOCK ? "another batch is writing to it" : platform::error_text(errno),
            "wait for it to end, or name another file with -o");
    }
    auto whole = end_of_whole_lines(output.file_.get());
    if (!whole) return whole.failure();
    if (*whole != *size) {
        if (ftruncate(output.file_.get(), *whole) != 0) {
            return cannot("cut the torn last line of", file, platform::error_text(errno));
        }
        output.cut_torn_line_ = true;
    }
    output.size_ = *whole;
    return output;
}

Result<void> OutputFile::for_each(const std::function<void(const Recorded&)>& visit) const {
    LineReader lines(file_.get());
    for (;;) {
        auto line = lines.next();
        if (!line) return line.failure();
        if (!line->has_value()) return {};
        if (is_blank(**line)) continue;
        const auto recorded = parse_recorded(**line);
        if (!recorded) {
            return fail(
                {.code = Errc::store_corrupt,
                 .message = fmt::format(
                     "{}:{}: not a line of a batch's output", path_.string(), lines.number()),
                 .reason = {},
                 .fix = "name another file with -o, or mend this line"});
        }
        visit(*recorded);
    }
}

Result<void> OutputFile::append(std::string_view line) {
    const std::lock_guard lock(mutex_);
    ssize_t wrote = -1;
    do {
        wrote = write(file_.get(), line.data(), line.size());
    } while (wrote < 0 && errno == EINTR);
    if (wrote == static_cast<ssize_t>(line.size())) {
        size_ += wrote;
        return {};
    }
    const int error_number = wrote < 0 ? errno : ENOSPC;
    // The file is whole lines again whatever became of this one; the next run also cuts a torn one.
    (void)!ftruncate(file_.get(), size_);
    return cannot("append to",
                  path_,
                  platform::error_text(error_number),
                  "make room and run the same command again");
}

Result<void> OutputFile::compact() {
    auto last = last_lines_of_repeated(file_.get());
    if (!last) return last.failure();
    if (last->empty()) return {};
    std::string sibling = path_.string() + ".XXXXXX";
    platform::Descriptor kept(mkostemp(sibling.data(), O_CLOEXEC | O_APPEND));
    if (!kept.valid()) return cannot("write beside", path_, platform::error_text(errno));
    const bool written = fchmod(kept.get(), 0600) == 0 &&
                         flock(kept.get(), LOCK_EX | LOCK_NB) == 0 &&
                         copy_last_lines(file_.get(), kept.get(), *last) && fsync(kept.get()) == 0;
    if (!written || rename(sibling.c_str(), path_.c_str()) != 0) {
        const int error_number = errno;
        (void)unlink(sibling.c_str());
        return cannot("compact", path_, platform::error_text(error_number));
    }
    file_ = std::move(kept);
    return {};
}

}  // namespace handover::batch
