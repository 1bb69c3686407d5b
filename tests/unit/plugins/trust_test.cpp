#include "plugins/trust.hpp"

#include <catch2/catch.hpp>

#include "files.hpp"

using namespace handover;
using namespace handover::plugins;
using namespace handover::plugins::testing;

TEST_CASE("whose files are trusted") {
    struct Case {
        const char* name;
        Ownership what;
        bool ancestor;
        Breach breach;
    };
    constexpr uid_t user = 1000;
    const Case cases[] = {
        {"own",
         {.owner = user, .group = user, .mode = 0755, .owners_primary = user},
         false,
         Breach::none},
        {"root's",
         {.owner = 0, .group = 0, .mode = 0755, .owners_primary = 0},
         false,
         Breach::none},
        {"another user's",
         {.owner = 1001, .group = user, .mode = 0755, .owners_primary = user},
         false,
         Breach::foreign_owner},
        {"own, primary group writes",
         {.owner = user, .group = 5, .mode = 0775, .owners_primary = 5},
         false,
         Breach::none},
        {"own, other group writes",
         {.owner = user, .group = 6, .mode = 0775, .owners_primary = 5},
         false,
         Breach::group_may_write},
        {"own, everybody writes",
         {.owner = user, .group = 5, .mode = 0757, .owners_primary = 5},
         false,
         Breach::others_may_write},
        {"sticky ancestor",
         {.owner = 0, .group = 0, .mode = 01777, .owners_primary = 0},
         true,
         Breach::none},
        {"sticky folder itself",
         {.owner = 0, .group = 0, .mode = 01777, .owners_primary = 0},
         false,
         Breach::others_may_write},
        {"sticky ancestor of another user",
         {.owner = 7, .group = 0, .mode = 01777, .owners_primary = 0},
         true,
         Breach::foreign_owner},
        {"open ancestor",
         {.owner = 0, .group = 0, .mode = 0777, .owners_primary = 0},
         true,
         Breach::others_may_write},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(judge(c.what, user, c.ancestor) == c.breach);
        }
    }
}

TEST_CASE("a file others may write to is refused with the command that mends it") {
    const Folder folder;
    const auto file = install("good", folder.path(), "good");
    CHECK(open_trusted(file));
    REQUIRE(chmod(file.c_str(), 0757) == 0);
    const auto refused = open_trusted(file);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::plugin_untrusted);
    CHECK(refused.error().fix == "chmod o-w '" + file.string() + "'");
}

TEST_CASE("a folder above that others may write to is refused") {
    const Folder folder;
    const auto file = install("good", folder.path() / "a" / "b", "good");
    REQUIRE(chmod((folder.path() / "a").c_str(), 0777) == 0);
    const auto refused = open_trusted(file);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::plugin_untrusted);
    CHECK(refused.error().fix == "chmod o-w '" + (folder.path() / "a").string() + "'");

    SECTION("also behind a symbolic link to the folder") {
        std::filesystem::create_symlink(folder.path() / "a" / "b", folder.path() / "link");
        CHECK(open_trusted(folder.path() / "link" / "good.so").error().code ==
              Errc::plugin_untrusted);
    }
    SECTION("also behind a symbolic link to the file") {
        std::filesystem::create_symlink(file, folder.path() / "alias.so");
        CHECK(open_trusted(folder.path() / "alias.so").error().code == Errc::plugin_untrusted);
    }
}

TEST_CASE("what is no regular file is refused without waiting for it") {
    const Folder folder;
    const auto fifo = folder.path() / "fifo.so";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(open_trusted(fifo).error().code == Errc::plugin_invalid);
    CHECK(open_trusted(folder.path()).error().code == Errc::plugin_invalid);
    CHECK(open_trusted(folder.path() / "none.so").error().code == Errc::plugin_not_found);
}
