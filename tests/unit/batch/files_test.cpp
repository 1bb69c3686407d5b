#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "batch/in_flight.hpp"
#include "batch/line_reader.hpp"
#include "batch/output_file.hpp"
#include "folder.hpp"

using namespace handover;
using namespace handover::batch;

namespace {

std::vector<std::string> lines_of(const std::filesystem::path& file, bool& last_ended) {
    const platform::Descriptor fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    LineReader reader(fd.get());
    std::vector<std::string> lines;
    for (;;) {
        auto line = reader.next();
        REQUIRE(line);
        if (!line->has_value()) return lines;
        lines.emplace_back(**line);
        last_ended = reader.ended_by_break();
        CHECK(reader.number() == lines.size());
    }
}

std::string record(const char* id, int status) {
    return format_result_line({.id = "batch_req_x",
                               .custom_id = id,
                               .status_code = status,
                               .request_id = "",
                               .body = "{}",
                               .error = {}});
}

}  // namespace

TEST_CASE("lines are read whatever their length") {
    const Folder folder;
    const std::string longer(300'000, 'x');  // more than one read
    const std::string longest(600'000, 'y');
    write(folder / "f", "a\n\n" + longer + "\nb\n" + longest);
    bool ended = true;
    CHECK(lines_of(folder / "f", ended) == std::vector<std::string>{"a", "", longer, "b", longest});
    CHECK_FALSE(ended);
    write(folder / "f", "a\n");
    CHECK(lines_of(folder / "f", ended) == std::vector<std::string>{"a"});
    CHECK(ended);
    write(folder / "f", "");
    CHECK(lines_of(folder / "f", ended).empty());
}

TEST_CASE("a torn last line is cut, whole ones stay, and lines are appended") {
    const Folder folder;
    write(folder / "out", record("a", 200) + "{\"custom_id\":\"b\",\"resp");
    auto output = OutputFile::open(folder / "out", STDIN_FILENO);
    REQUIRE(output);
    CHECK(output->cut_torn_line());
    REQUIRE(output->append(record("c", 500)));
    CHECK(read(folder / "out") == record("a", 200) + record("c", 500));
    std::vector<std::string> seen;
    REQUIRE(output->for_each(
        [&](const Recorded& r) { seen.push_back(r.custom_id + (r.failed ? " failed" : "")); }));
    CHECK(seen == std::vector<std::string>{"a", "c failed"});
}

TEST_CASE("what is no output of a batch is not touched") {
    const Folder folder;
    write(folder / "notes", "dear diary\n");
    auto output = OutputFile::open(folder / "notes", STDIN_FILENO);
    REQUIRE(output);
    const auto read_back = output->for_each([](const Recorded&) {});
    REQUIRE_FALSE(read_back);
    CHECK(read_back.error().code == Errc::store_corrupt);
    CHECK(read_back.error().message.find(":1:") != std::string::npos);
    CHECK(read(folder / "notes") == "dear diary\n");
}

TEST_CASE("the output is private, locked, regular, and not the input") {
    const Folder folder;
    auto output = OutputFile::open(folder / "out", STDIN_FILENO);
    REQUIRE(output);
    CHECK((std::filesystem::status(folder / "out").permissions() & std::filesystem::perms::mask) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    const auto second = OutputFile::open(folder / "out", STDIN_FILENO);
    REQUIRE_FALSE(second);
    CHECK(second.error().reason == "another batch is writing to it");
    const platform::Descriptor input(open((folder / "out").c_str(), O_RDONLY | O_CLOEXEC));
    CHECK_FALSE(OutputFile::open(folder / "out", input.get()));
    CHECK_FALSE(OutputFile::open("/dev/null", STDIN_FILENO));
}

TEST_CASE("a write that ends half-way leaves whole lines") {
    const Folder folder;
    auto output = OutputFile::open(folder / "out", STDIN_FILENO);
    REQUIRE(output);
    REQUIRE(output->append(record("a", 200)));
    // The file may grow by ten bytes: the kernel takes that much of the line and no more, as a disk
    // does that fills up.
    rlimit before = {};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit tight = {record("a", 200).size() + 10, before.rlim_max};
    const auto previous = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &tight) == 0);
    const auto appended = output->append(record("b", 200));
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    (void)std::signal(SIGXFSZ, previous);
    REQUIRE_FALSE(appended);
    CHECK(appended.error().code == Errc::store_io);
    CHECK(read(folder / "out") == record("a", 200));
    REQUIRE(output->append(record("b", 200)));
    CHECK(read(folder / "out") == record("a", 200) + record("b", 200));
}

TEST_CASE("compacting keeps the last record of every id") {
    const Folder folder;
    write(folder / "out", record("a", 500) + record("b", 200) + record("a", 200));
    {
        auto output = OutputFile::open(folder / "out", STDIN_FILENO);
        REQUIRE(output);
        REQUIRE(output->compact());
        REQUIRE(output->append(record("c", 200)));
        CHECK_FALSE(OutputFile::open(folder / "out", STDIN_FILENO));  // still locked
    }
    CHECK(read(folder / "out") == record("b", 200) + record("a", 200) + record("c", 200));
}

TEST_CASE("lines in flight survive a kill") {
    const Folder folder;
    {
        auto state = InFlight::open(folder / "out.state", 3);
        REQUIRE(state);
        CHECK(state->left_over().empty());
        REQUIRE(state->reset());
        REQUIRE(state->begin(0, 41));
        REQUIRE(state->begin(2, 18446744073709551615ULL));
        REQUIRE(state->begin(1, 42));
        REQUIRE(state->end(1));
    }
    auto state = InFlight::open(folder / "out.state", 1);
    REQUIRE(state);
    CHECK(state->left_over() == std::vector<std::uint64_t>{41, 18446744073709551615ULL});
    REQUIRE(state->reset());
    CHECK(InFlight::open(folder / "out.state", 1)->left_over().empty());
    state->remove();
    CHECK_FALSE(std::filesystem::exists(folder / "out.state"));
    write(folder / "out.state", "garbage of some length, twice\n");
    CHECK(InFlight::open(folder / "out.state", 1)->left_over().empty());
}
