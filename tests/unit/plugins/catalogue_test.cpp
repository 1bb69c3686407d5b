#include "plugins/catalogue.hpp"

#include <elf.h>
#include <fcntl.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "files.hpp"
#include "plugins/index.hpp"

using namespace handover;
using namespace handover::plugins;
using namespace handover::plugins::testing;

namespace {

const Entry& entry_named(const std::vector<Entry>& entries, const std::string& file) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& one) {
        return one.file.filename() == file;
    });
    REQUIRE(found != entries.end());
    return *found;
}

}  // namespace

TEST_CASE("a good plugin is listed with what its manifest says") {
    const Folder folder;
    install("good", folder.path(), "good");
    Catalogue catalogue({folder.path() / "missing", folder.path()}, {});
    REQUIRE(catalogue.entries().size() == 1);
    const auto& entry = catalogue.entries()[0];
    CHECK_FALSE(entry.error);
    CHECK(entry.id == "good");
    CHECK(entry.version == "1.2.3");
    CHECK(entry.name == "A plugin of the tests");
    CHECK(entry.auth_methods == std::vector<std::string>{"api-key"});
    CHECK(entry.dialects == std::vector<std::string>{"chat_completions", "responses"});
    CHECK(catalogue.manifest_of("good")->base_url == "https://models.example.com/v1");
}

TEST_CASE("the example's manifest is valid") {
    const auto manifest = read_manifest(EXAMPLE_PLUGIN);
    REQUIRE(manifest);
    CHECK(manifest->id == "echo");
}

TEST_CASE("broken files are listed with their errors and prevent nothing") {
    const Folder folder;
    for (const auto* name : {"good", "no_manifest", "newer_manifest", "wrong_abi", "missing_entry"})
        install(name, folder.path(), name);
    write(folder.path() / "text.so", "not a plugin");
    const auto good = read(built("good"));
    write(folder.path() / "cut.so", good.substr(0, good.size() / 2));
    auto other = good;
    const Elf64_Half machine = EM_RISCV;
    std::memcpy(other.data() + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof machine);
    write(folder.path() / "riscv.so", other);
    std::filesystem::create_symlink("nowhere", folder.path() / "dangling.so");
    write(folder.path() / "README.txt", "no plugin by its name");
    write(folder.path() / ".hidden.so", "no plugin by its name");

    Catalogue catalogue({folder.path()}, {});
    const auto& entries = catalogue.entries();
    CHECK(entries.size() == 9);
    struct Case {
        const char* file;
        Errc code;
    };
    const Case cases[] = {{"no_manifest.so", Errc::plugin_invalid},
                          {"wrong_abi.so", Errc::plugin_abi_mismatch},
                          {"missing_entry.so", Errc::plugin_invalid},
                          {"text.so", Errc::plugin_invalid},
                          {"cut.so", Errc::plugin_invalid},
                          {"riscv.so", Errc::plugin_invalid},
                          {"dangling.so", Errc::plugin_invalid}};
    for (const auto& c : cases) {
        INFO(c.file);
        const auto& entry = entry_named(entries, c.file);
        REQUIRE(entry.error);
        CHECK(entry.error->code == c.code);
        CHECK(entry.id.empty());
        CHECK(entry.error->message.find(c.file) != std::string::npos);
    }
    const auto& newer = entry_named(entries, "newer_manifest.so");
    REQUIRE(newer.error);
    CHECK((newer.error->code == Errc::plugin_abi_mismatch ||
           newer.error->code == Errc::plugin_invalid));
    CHECK(catalogue.ids() == std::vector<std::string>{"good"});
    CHECK(catalogue.manifest_of("good"));
    // A broken file says what is wrong with it when it is asked for by its name.
    CHECK(catalogue.manifest_of("text").error().message.find("is not a shared object") !=
          std::string::npos);
}

TEST_CASE("the first plugin with an id wins, the others are reported") {
    const Folder folder;
    const auto first = install("twin_a", folder.path() / "one", "z");
    const auto second = install("twin_b", folder.path() / "two", "a");
    const auto third = install("twin_b", folder.path() / "two", "b");
    Catalogue catalogue(
        {folder.path() / "one", folder.path() / "two", folder.path() / "one" / "." / ""}, {});
    const auto& entries = catalogue.entries();
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].file == first);
    CHECK(entries[0].shadowed_by.empty());
    CHECK(entries[1].file == second);
    CHECK(entries[1].shadowed_by == first);
    CHECK(entries[2].shadowed_by == first);
    CHECK(*catalogue.file_of("twin") == first);
    CHECK(catalogue.ids() == std::vector<std::string>{"twin"});

    Catalogue reversed({folder.path() / "two", folder.path() / "one"}, {});
    CHECK(*reversed.file_of("twin") == second);
}

TEST_CASE("a broken file does not win an id from a good one") {
    const Folder folder;
    write((std::filesystem::create_directories(folder.path() / "one"),
           folder.path() / "one" / "good.so"),
          "broken");
    const auto good = install("good", folder.path() / "two", "good");
    Catalogue catalogue({folder.path() / "one", folder.path() / "two"}, {});
    CHECK(*catalogue.file_of("good") == good);
}

TEST_CASE("an unknown id names the nearest one and the folders searched") {
    const Folder folder;
    install("good", folder.path(), "good");
    Catalogue catalogue({folder.path()}, {});
    const auto missing = catalogue.manifest_of("goood");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::plugin_not_found);
    CHECK(missing.error().message.find("Did you mean \"good\"?") != std::string::npos);
    CHECK(missing.error().reason == "searched " + folder.path().string());
    CHECK(Catalogue({}, {}).file_of("x").error().code == Errc::plugin_not_found);
}

TEST_CASE("listing and inspecting run no plugin code") {
    const Folder folder;
    const auto file = install("marks_on_load", folder.path(), "marks");
    const auto mark = folder.path() / "mark";
    REQUIRE(setenv("HANDOVER_TEST_MARK", mark.c_str(), 1) == 0);
    Catalogue catalogue({folder.path()}, folder.path() / "index");
    CHECK(catalogue.ids() == std::vector<std::string>{"marks-on-load"});
    CHECK(catalogue.manifest_of("marks-on-load"));
    CHECK(read_manifest(file));
    CHECK_FALSE(std::filesystem::exists(mark));
    REQUIRE(unsetenv("HANDOVER_TEST_MARK") == 0);
}

TEST_CASE("files others may write to are listed as not trusted") {
    const Folder folder;
    const auto file = install("good", folder.path(), "good");
    const auto index = folder.path() / "cache" / "index";
    CHECK(Catalogue({folder.path()}, index).ids().size() == 1);
    REQUIRE(chmod(file.c_str(), 0757) == 0);
    Catalogue later({folder.path()}, index);
    REQUIRE(later.entries()[0].error);
    CHECK(later.entries()[0].error->code == Errc::plugin_untrusted);
    REQUIRE(chmod(file.c_str(), 0755) == 0);
    REQUIRE(chmod(folder.path().c_str(), 0777) == 0);
    CHECK(Catalogue({folder.path()}, index).entries()[0].error->code == Errc::plugin_untrusted);
}

namespace {

// What another process with the same build would have left: `made_by` is part of the file.
std::string made_by_of(const std::string& index) {
    const auto size_at = std::string("handover-index 1\n").size();
    return index.substr(size_at + 8, static_cast<unsigned char>(index[size_at]));
}

}  // namespace

TEST_CASE("the index is used while the file is the same, and not a moment longer") {
    const Folder folder;
    const auto plugins = folder.path() / "plugins";
    const auto file = install("good", plugins, "good");
    const auto index = folder.path() / "cache" / "index";
    CHECK(Catalogue({plugins}, index).ids() == std::vector<std::string>{"good"});
    REQUIRE(std::filesystem::exists(index));

    // An index that tells something else about the same file shows who is asked.
    struct stat status = {};
    REQUIRE(stat(file.c_str(), &status) == 0);
    const auto made_by = made_by_of(read(index));
    Indexed planted = {.identity = identity_of(status), .entry = {}};
    planted.entry.file = file;
    planted.entry.id = "planted";
    write(index, encode_index({planted}, made_by));
    CHECK(Catalogue({plugins}, index).ids() == std::vector<std::string>{"planted"});

    SECTION("a manifest is read anew whatever the index says") {
        Catalogue catalogue({plugins}, index);
        CHECK(catalogue.manifest_of("planted").error().code == Errc::plugin_not_found);
        CHECK(catalogue.manifest_of("good"));
    }
    SECTION("another identity") {
        ++planted.identity.changed_ns;
        write(index, encode_index({planted}, made_by));
        CHECK(Catalogue({plugins}, index).ids() == std::vector<std::string>{"good"});
    }
    SECTION("another build") {
        write(index, encode_index({planted}, made_by + "x"));
        CHECK(Catalogue({plugins}, index).ids() == std::vector<std::string>{"good"});
    }
    SECTION("damage") {
        write(index, "handover-index 1\ngarbage");
        CHECK(Catalogue({plugins}, index).ids() == std::vector<std::string>{"good"});
    }
    SECTION("a file replaced by another") {
        std::filesystem::remove(file);
        install("twin_a", plugins, "good");
        CHECK(Catalogue({plugins}, index).ids() == std::vector<std::string>{"twin"});
    }
    SECTION("a folder for the index that cannot be made") {
        CHECK(Catalogue({plugins}, file / "index").ids() == std::vector<std::string>{"good"});
    }
}
