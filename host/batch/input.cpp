#include "batch/input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>
#include <vector>

#include "text/printable.hpp"

namespace handover::batch {
namespace {

constexpr std::size_t most_reported = 20;

Failure cannot_read(const std::string& name, int error_number) {
    return fail({.code = error_number == ENOENT ? Errc::usage : Errc::store_io,
                 .message = "cannot read " + name,
                 .reason = platform::error_text(error_number),
                 .fix = {}});
}

Result<platform::Descriptor> unnamed_file() {
    std::error_code ignored;
    auto folder = std::filesystem::temp_directory_path(ignored);
    if (ignored) folder = "/tmp";
    std::string name = (folder / "handover-batch-XXXXXX").string();
    platform::Descriptor file(mkostemp(name.data(), O_CLOEXEC));
    if (!file.valid()) return cannot_read(name, errno);
    (void)unlink(name.c_str());
    return file;
}

Result<platform::Descriptor> spool(int from, const std::string& name) {
    auto file = unnamed_file();
    if (!file) return file.failure();
    std::string buffer(64U << 10U, '\0');
    for (;;) {
        const auto got = read(from, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot_read(name, errno);
        if (got == 0) return file;
        if (!platform::write_all(file->get(),
                                 std::string_view(buffer.data(), static_cast<std::size_t>(got)))) {
            return cannot_read(name, errno);
        }
    }
}

// The report of a check: bad lines in the order they stand.
struct Problems {
    std::vector<std::string> texts;
    std::size_t count = 0;

    void add(std::uint64_t line, const Error& error) {
        ++count;
        if (texts.size() >= most_reported) return;
        texts.push_back(fmt::format(
            "line {}: {}{}", line, error.message, error.fix.empty() ? "" : " (" + error.fix + ")"));
    }
};

Failure report(const std::string& name, const Problems& problems) {
    std::string reason;
    for (const auto& text : problems.texts) reason += (reason.empty() ? "" : "\n          ") + text;
    if (problems.count > problems.texts.size()) {
        reason += fmt::format("\n          and {} more", problems.count - problems.texts.size());
    }
    return fail({.code = Errc::batch_input_invalid,
                 .message = fmt::format(
                     "{}: {} bad {}", name, problems.count, problems.count == 1 ? "line" : "lines"),
                 .reason = std::move(reason),
                 .fix = "mend the input; nothing was sent"});
}

// Every request of the input with its line number; bad lines go to `problems`.
template <typename Visit>
Result<void> for_each_request(int fd, Problems& problems, const Visit& visit) {
    LineReader lines(fd);
    for (;;) {
        auto line = lines.next();
        if (!line) return line.failure();
        if (!line->has_value()) return {};
        if (is_blank(**line)) continue;
        auto request = parse_request_line(**line);
        if (request) {
            visit(lines.number(), *request);
        } else {
            problems.add(lines.number(), request.error());
        }
    }
}

// Which of the repeated hashes are ids that really stand twice. True if two different ids share a
// hash: another seed is needed.
Result<bool> find_duplicates(int fd,
                             const LineIndex& index,
                             std::vector<std::uint64_t> repeated,
                             Problems& problems) {
    std::map<std::uint64_t, std::pair<std::string, std::uint64_t>> first;
    bool chance = false;
    Problems ignored;
    auto read =
        for_each_request(fd, ignored, [&](std::uint64_t number, const RequestLine& request) {
            const auto hash = index.hash(request.custom_id);
            if (!std::binary_search(repeated.begin(), repeated.end(), hash)) return;
            const auto [at, inserted] = first.try_emplace(hash, request.custom_id, number);
            if (inserted) return;
            if (at->second.first != request.custom_id) {
                chance = true;
                return;
            }
            problems.add(number,
                         {.code = Errc::batch_input_invalid,
                          .message = fmt::format("custom_id \"{}\" stands on line {} already",
                                                 text::printable(request.custom_id, 80),
                                                 at->second.second),
                          .reason = {},
                          .fix = {}});
        });
    if (!read) return read.failure();
    return chance;
}

}  // namespace

Result<Input> Input::open(const std::string& name) {
    Input input;
    input.name_ = name == "-" ? "stdin" : name;
    platform::Descriptor opened;
    if (name != "-") {
        opened = platform::Descriptor(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
        if (!opened.valid()) return cannot_read(name, errno);
    }
    const int from = opened.valid() ? opened.get() : STDIN_FILENO;
    struct stat status = {};
    if (fstat(from, &status) != 0) return cannot_read(input.name_, errno);
    if (S_ISDIR(status.st_mode)) return cannot_read(input.name_, EISDIR);
    if (opened.valid() && S_ISREG(status.st_mode)) {
        input.file_ = std::move(opened);
        return input;
    }
    auto spooled = spool(from, input.name_);
    if (!spooled) return spooled.failure();
    input.file_ = std::move(*spooled);
    return input;
}

Result<LineIndex> Input::check() const {
    constexpr std::uint64_t most_seeds = 8;
    for (std::uint64_t seed = 0; seed < most_seeds; ++seed) {
        LineIndex index(seed);
        Problems problems;
        auto read =
            for_each_request(file_.get(), problems, [&](std::uint64_t, const RequestLine& request) {
                index.add(request.custom_id);
            });
        if (!read) return read.failure();
        auto repeated = index.seal();
        if (!repeated.empty()) {
            auto chance = find_duplicates(file_.get(), index, std::move(repeated), problems);
            if (!chance) return chance.failure();
            if (*chance && problems.count == 0) continue;
        }
        if (problems.count > 0) return report(name_, problems);
        return index;
    }
    return fail({.code = Errc::internal,
                 .message = "the custom_ids collide under every hash",
                 .reason = {},
                 .fix = {}});
}

Result<std::optional<Work>> WorkQueue::next() {
    for (;;) {
        auto line = lines_.next();
        if (!line) return line.failure();
        if (!line->has_value()) return std::optional<Work>();
        if (is_blank(**line)) continue;
        auto request = parse_request_line(**line);
        if (!request) return request.failure();  // the file was changed after it was checked
        if (answered_.is_marked(request->custom_id)) continue;
        return std::optional(Work{.line = lines_.number(), .request = std::move(*request)});
    }
}

}  // namespace handover::batch
