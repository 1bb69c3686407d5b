#include "doctor/places.hpp"

#include <sys/file.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

namespace handover::doctor {
namespace {

PlaceFacts folder(mode_t mode) {
    PlaceFacts facts = {.path = "/x", .exists = true, .readable = true, .writable = true};
    facts.status.st_mode = S_IFDIR | mode;
    facts.status.st_uid = geteuid();
    return facts;
}

PlaceFacts with(PlaceFacts facts, bool PlaceFacts::*member, bool value) {
    facts.*member = value;
    return facts;
}

PlaceFacts of_mode(mode_t mode) {
    auto facts = folder(0700);
    facts.status.st_mode = mode;
    return facts;
}

PlaceFacts of_other_user() {
    auto facts = folder(0700);
    facts.status.st_uid = geteuid() + 1;
    return facts;
}

PlaceFacts with_room(std::uint64_t bytes) {
    auto facts = folder(0700);
    facts.free_bytes = bytes;
    return facts;
}

}  // namespace

TEST_CASE("what a folder must be") {
    struct Case {
        const char* name;
        Use use;
        PlaceFacts facts;
        State state;
    };
    constexpr std::uint64_t room = 4U << 20U;
    const Case cases[] = {
        {"ours", Use::credentials, folder(0700), State::ok},
        {"readable by others is closed at the next use", Use::credentials, folder(0755), State::ok},
        {"writable by others", Use::credentials, folder(0777), State::problem},
        {"writable by a group", Use::credentials, folder(0770), State::problem},
        {"somebody else's", Use::credentials, of_other_user(), State::problem},
        {"a file", Use::state, of_mode(S_IFREG | 0600), State::problem},
        {"unreadable",
         Use::cache,
         with(folder(0700), &PlaceFacts::readable, false),
         State::problem},
        {"read-only credentials",
         Use::credentials,
         with(folder(0700), &PlaceFacts::writable, false),
         State::warning},
        {"read-only state",
         Use::state,
         with(folder(0700), &PlaceFacts::writable, false),
         State::problem},
        {"read-only cache",
         Use::cache,
         with(folder(0700), &PlaceFacts::writable, false),
         State::warning},
        {"read-only plugins",
         Use::plugins,
         with(folder(0700), &PlaceFacts::writable, false),
         State::ok},
        {"not there",
         Use::state,
         {.path = "/x", .nearest = "/", .nearest_writable = true},
         State::ok},
        {"cannot be made", Use::state, {.path = "/x", .nearest = "/"}, State::problem},
        {"no plugins folder", Use::plugins, {.path = "/x", .nearest = "/"}, State::ok},
        {"not to be looked at", Use::state, {.path = "/x", .error_number = EACCES}, State::problem},
        {"just room enough", Use::state, with_room(room), State::ok},
        {"a byte too little", Use::state, with_room(room - 1), State::warning},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto finding = judge_place(c.use, c.facts);
            CHECK(finding.state == c.state);
            CHECK((finding.state == State::ok) == finding.fix.empty());
            CHECK_THAT(finding.measured, Catch::Contains("/"));
        }
    }
}

TEST_CASE("a lock that keeps others out is tried without leaving anything") {
    auto pattern = (std::filesystem::temp_directory_path() / "handover-doctor-XXXXXX").string();
    const std::filesystem::path home = mkdtemp(pattern.data());
    const auto before = std::filesystem::last_write_time(home);
    const auto facts = measure_lock(home);
    CHECK(facts.tried);
    CHECK(facts.excludes);
    CHECK(judge_lock(facts).state == State::ok);
    CHECK(std::filesystem::is_empty(home));
    CHECK(std::filesystem::last_write_time(home) == before);
    CHECK(judge_lock(measure_lock(home / "none")).state == State::warning);
    CHECK(judge_lock({.folder = home, .tried = true, .excludes = false}).state == State::problem);

    const auto place = measure_place(home / "a" / "b");
    CHECK(!place.exists);
    CHECK(place.nearest == home);
    CHECK(place.nearest_writable);
    CHECK(place.free_bytes.has_value());
    std::filesystem::remove_all(home);
}

}  // namespace handover::doctor
