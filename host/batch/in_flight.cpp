#include "batch/in_flight.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cerrno>
#include <charconv>

namespace handover::batch {
namespace {

// A slot is a line of fixed width, so that one pwrite replaces it whole.
constexpr std::size_t slot_size = 21;  // 20 digits of a 64-bit number and a line break

Failure cannot(const char* what, const std::filesystem::path& file, int error_number) {
    return fail({.code = Errc::store_io,
                 .message = fmt::format("cannot {} {}", what, file.string()),
                 .reason = platform::error_text(error_number),
                 .fix = {}});
}

std::vector<std::uint64_t> parse_slots(const std::string& contents) {
    std::vector<std::uint64_t> lines;
    for (std::size_t at = 0; at + slot_size <= contents.size(); at += slot_size) {
        std::uint64_t line = 0;
        const auto first = contents.find_first_not_of(' ', at);
        if (first == std::string::npos || first >= at + slot_size - 1) continue;
        const auto* end = contents.data() + at + slot_size - 1;
        const auto [stop, error] = std::from_chars(contents.data() + first, end, line);
        if (error == std::errc() && stop == end && line > 0) lines.push_back(line);
    }
    return lines;
}

}  // namespace

Result<InFlight> InFlight::open(const std::filesystem::path& file, std::size_t slots) {
    auto contents = platform::read_file(file);
    if (!contents) return contents.failure();
    InFlight opened;
    opened.path_ = file;
    opened.slots_ = slots;
    opened.file_ =
        platform::Descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!opened.file_.valid()) return cannot("open", file, errno);
    if (contents->has_value()) opened.left_over_ = parse_slots(**contents);
    return opened;
}

Result<void> InFlight::reset() {
    if (ftruncate(file_.get(), 0) != 0) return cannot("empty", path_, errno);
    for (std::size_t slot = 0; slot < slots_; ++slot) {
        if (auto written = write_slot(slot, {}); !written) return written;
    }
    return {};
}

Result<void> InFlight::write_slot(std::size_t slot, std::optional<std::uint64_t> line) {
    const auto text = line ? fmt::format("{:>20}\n", *line) : fmt::format("{:>20}\n", "");
    ssize_t wrote = -1;
    do {
        wrote = pwrite(file_.get(), text.data(), text.size(), static_cast<off_t>(slot * slot_size));
    } while (wrote < 0 && errno == EINTR);
    if (wrote != static_cast<ssize_t>(text.size()))
        return cannot("write", path_, wrote < 0 ? errno : ENOSPC);
    return {};
}

Result<void> InFlight::begin(std::size_t slot, std::uint64_t line) {
    return write_slot(slot, line);
}

Result<void> InFlight::end(std::size_t slot) {
    return write_slot(slot, {});
}

void InFlight::remove() {
    (void)unlink(path_.c_str());
}

}  // namespace handover::batch
