#include "plugins/index.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace handover::plugins;

namespace {

std::vector<Indexed> some_files() {
    Indexed good = {.identity = {.device = 1,
                                 .inode = 2,
                                 .size = 3,
                                 .modified_ns = -4,
                                 .changed_ns = 1'700'000'000'123'456'789},
                    .entry = {}};
    good.entry.file = "/p/codex.so";
    good.entry.id = "codex";
    good.entry.version = "0.1.0";
    good.entry.name = "Codex \xe2\x9c\x93";
    good.entry.auth_methods = {"subscription", "api-key"};
    good.entry.dialects = {"responses"};
    Indexed bad = {
        .identity = {.device = 9, .inode = 8, .size = 7, .modified_ns = 6, .changed_ns = 5},
        .entry = {}};
    bad.entry.file = "/p/bad.so";
    bad.entry.error = Error{.code = Errc::internal, .message = "m", .reason = "r", .fix = "f"};
    return {good, bad};
}

bool same(const Indexed& a, const Indexed& b) {
    return a.identity == b.identity && a.entry.file == b.entry.file && a.entry.id == b.entry.id &&
           a.entry.version == b.entry.version && a.entry.name == b.entry.name &&
           a.entry.auth_methods == b.entry.auth_methods && a.entry.dialects == b.entry.dialects &&
           a.entry.error == b.entry.error;
}

}  // namespace

TEST_CASE("an index reads back as it was written") {
    const auto files = some_files();
    const auto read = decode_index(encode_index(files, "build 1"), "build 1");
    REQUIRE(read);
    REQUIRE(read->size() == 2);
    CHECK(same(read->at(0), files[0]));
    CHECK(same(read->at(1), files[1]));
    CHECK(decode_index(encode_index({}, "build 1"), "build 1")->empty());
}

TEST_CASE("an index of another build is ignored") {
    CHECK_FALSE(decode_index(encode_index(some_files(), "build 1"), "build 2"));
}

TEST_CASE("a damaged index is ignored") {
    const auto bytes = encode_index(some_files(), "b");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        INFO("cut to " << size);
        CHECK_FALSE(decode_index(bytes.substr(0, size), "b"));
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto flipped = bytes;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x40);
        INFO("flipped at " << at);
        CHECK_FALSE(decode_index(flipped, "b"));
    }
    CHECK_FALSE(decode_index(bytes + "x", "b"));
    CHECK_FALSE(decode_index("", "b"));
}

TEST_CASE("a file that changed just now is not settled") {
    using namespace std::chrono;
    constexpr std::int64_t now_ns = 1'000'000'000'000;
    const system_clock::time_point now{duration_cast<system_clock::duration>(nanoseconds(now_ns))};
    struct Case {
        const char* name;
        std::int64_t modified_ago;
        std::int64_t changed_ago;
        bool settled;
    };
    const Case cases[] = {
        {"long ago", 1'000'000'000, 1'000'000'000, true},
        {"two ticks ago", 20'000'000, 20'000'000, true},
        {"a nanosecond less", 20'000'000, 19'999'999, false},
        {"written just now", 0, 1'000'000'000, false},
        {"from the future", -1, -1, false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            Identity file;
            file.modified_ns = now_ns - c.modified_ago;
            file.changed_ns = now_ns - c.changed_ago;
            CHECK(settled(file, now) == c.settled);
        }
    }
}
