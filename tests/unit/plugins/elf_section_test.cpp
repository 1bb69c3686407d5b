#include "plugins/elf_section.hpp"

#include <elf.h>
#include <fcntl.h>
#include <catch2/catch.hpp>

#include <cstddef>
#include <cstring>

#include "files.hpp"
#include "platform/files.hpp"

using namespace handover;
using namespace handover::plugins;
using namespace handover::plugins::testing;

namespace {

Result<PluginFile> read_file(const std::filesystem::path& file) {
    const platform::Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    return read_plugin_file(opened.get(), "x.so");
}

Result<PluginFile> read_bytes(const std::string& bytes) {
    const Folder folder;
    return read_file(write(folder.path() / "x.so", bytes));
}

template <typename Field>
std::string patched(std::string bytes, std::size_t offset, Field value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    return bytes;
}

}  // namespace

TEST_CASE("manifest and ABI of a plugin are read from the file") {
    const auto file = read_file(built("good"));
    REQUIRE(file);
    CHECK(file->manifest ==
          read(std::filesystem::path(TEST_PLUGINS) / "../tests/plugins/good.toml"));
    CHECK(file->abis == std::vector<std::uint32_t>{1});
    CHECK(check_abi(file->abis, "x.so"));
}

TEST_CASE("each way of being no plugin has words of its own") {
    const auto good = read(built("good"));
    struct Case {
        const char* name;
        std::string bytes;
        const char* message;
    };
    const Case cases[] = {
        {"text file", "#!/bin/sh\necho hello\n", "x.so is not a shared object"},
        {"empty file", "", "x.so is not a shared object"},
        {"program",
         patched<Elf64_Half>(good, offsetof(Elf64_Ehdr, e_type), ET_EXEC),
         "x.so is not a shared object"},
        {"object file",
         patched<Elf64_Half>(good, offsetof(Elf64_Ehdr, e_type), ET_REL),
         "x.so is not a shared object"},
        {"other machine",
         patched<Elf64_Half>(good, offsetof(Elf64_Ehdr, e_machine), EM_RISCV),
         "x.so was built for another architecture"},
        {"32 bit",
         patched<char>(good, EI_CLASS, ELFCLASS32),
         "x.so was built for another architecture"},
        {"big endian",
         patched<char>(good, EI_DATA, ELFDATA2MSB),
         "x.so was built for another architecture"},
        {"magic only", good.substr(0, 4), "x.so is cut short or damaged"},
        {"half a header", good.substr(0, 40), "x.so is cut short or damaged"},
        {"header only", good.substr(0, 64), "x.so is cut short or damaged"},
        {"half", good.substr(0, good.size() / 2), "x.so is cut short or damaged"},
        {"last byte missing", good.substr(0, good.size() - 1), "x.so is cut short or damaged"},
        {"section table far away",
         patched<Elf64_Off>(good, offsetof(Elf64_Ehdr, e_shoff), ~Elf64_Off{0}),
         "x.so is cut short or damaged"},
        {"too many sections",
         patched<Elf64_Half>(good, offsetof(Elf64_Ehdr, e_shnum), 0xfffe),
         "x.so is cut short or damaged"},
        {"odd section size",
         patched<Elf64_Half>(good, offsetof(Elf64_Ehdr, e_shentsize), 1),
         "x.so is cut short or damaged"},
        {"no sections",
         patched<Elf64_Half>(good, offsetof(Elf64_Ehdr, e_shnum), 0),
         "x.so carries no manifest"},
        {"names elsewhere",
         patched<Elf64_Half>(good, offsetof(Elf64_Ehdr, e_shstrndx), 1),
         "x.so carries no manifest"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto result = read_bytes(c.bytes);
            REQUIRE_FALSE(result);
            CHECK(result.error().code == Errc::plugin_invalid);
            CHECK(result.error().message == c.message);
            CHECK_FALSE(result.error().reason.empty());
            CHECK_FALSE(result.error().fix.empty());
        }
    }
    CHECK(read_file(built("no_manifest")).error().message == "x.so carries no manifest");
}

TEST_CASE("the ABI is known without loading") {
    CHECK(check_abi(read_file(built("wrong_abi"))->abis, "x.so").error().code ==
          Errc::plugin_abi_mismatch);
    const auto missing = check_abi(read_file(built("missing_entry"))->abis, "x.so");
    CHECK(missing.error().code == Errc::plugin_invalid);
    CHECK(missing.error().message == "x.so has no entry point");
    CHECK(check_abi({2, 1}, "x.so"));
    CHECK(check_abi({0}, "x.so").error().code == Errc::plugin_abi_mismatch);
}

TEST_CASE("a section table with any one field wrong never reads beyond the file") {
    const auto good = read(built("no_table"));
    Elf64_Ehdr header = {};
    std::memcpy(&header, good.data(), sizeof header);
    for (std::size_t section = 0; section < header.e_shnum; ++section) {
        const auto at = header.e_shoff + section * sizeof(Elf64_Shdr);
        for (const auto field : {offsetof(Elf64_Shdr, sh_offset),
                                 offsetof(Elf64_Shdr, sh_size),
                                 offsetof(Elf64_Shdr, sh_name)}) {
            for (const auto value : {std::uint64_t{0xffffffffffffffffU},
                                     std::uint64_t{good.size()},
                                     std::uint64_t{0x7fffffffU}}) {
                auto bytes = good;
                std::memcpy(bytes.data() + at + field,
                            &value,
                            field == offsetof(Elf64_Shdr, sh_name) ? 4 : 8);
                const auto result = read_bytes(bytes);
                if (result) CHECK(result->manifest.size() <= good.size());
            }
        }
    }
}
