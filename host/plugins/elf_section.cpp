#include "plugins/elf_section.hpp"

#include <handover/plugin.h>

#include <fmt/format.h>
#include <gelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "platform/files.hpp"
#include "text/printable.hpp"

namespace handover::plugins {
namespace {

#if defined(__x86_64__)
constexpr unsigned host_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned host_machine = EM_AARCH64;
#else
#error "name this architecture's ELF machine here"
#endif

constexpr std::string_view entry_prefix = "handover_plugin_v";
constexpr std::uint64_t most_sections =
    4096;  // a large C++ library built with -ffunction-sections keeps a few dozen
constexpr std::uint64_t most_symbols = 1U << 20U;
constexpr std::uint64_t most_names = 64U << 20U;  // bytes of a string table

Failure invalid(std::string message, std::string reason, std::string fix) {
    return fail({.code = Errc::plugin_invalid,
                 .message = std::move(message),
                 .reason = std::move(reason),
                 .fix = std::move(fix)});
}

Failure not_shared_object(const std::string& file, std::string reason) {
    return invalid(file + " is not a shared object",
                   std::move(reason),
                   "a plugin is an ELF shared object built with handover_add_plugin; remove the "
                   "file or build it again");
}

Failure cut_short(const std::string& file, std::string reason) {
    return invalid(
        file + " is cut short or damaged", std::move(reason), "copy or build the plugin again");
}

std::string machine_name(unsigned machine) {
    switch (machine) {
        case EM_X86_64:
            return "x86-64";
        case EM_AARCH64:
            return "aarch64";
        case EM_386:
            return "i386";
        case EM_ARM:
            return "arm";
        case EM_RISCV:
            return "riscv";
        case EM_PPC64:
            return "ppc64";
        case EM_S390:
            return "s390";
        default:
            return fmt::format("ELF machine {}", machine);
    }
}

std::optional<std::string> read_range(int descriptor, std::uint64_t offset, std::uint64_t size) {
    std::string bytes(size, '\0');
    std::uint64_t filled = 0;
    while (filled < size) {
        const auto got = pread(
            descriptor, bytes.data() + filled, size - filled, static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::nullopt;
        filled += static_cast<std::uint64_t>(got);
    }
    return bytes;
}

// The file header, judged before libelf sees the file: libelf sizes its tables by what it says
// there.
Result<void> check_header(int descriptor, std::uint64_t file_size, const std::string& file) {
    std::array<char, sizeof(Elf64_Ehdr)> bytes = {};
    const auto got = pread(descriptor, bytes.data(), bytes.size(), 0);
    if (got < 0)
        return not_shared_object(file, "it cannot be read: " + platform::error_text(errno));
    const std::string_view start(bytes.data(), static_cast<std::size_t>(got));
    if (!start.starts_with(std::string_view(ELFMAG, SELFMAG))) {
        return not_shared_object(file,
                                 start.empty() ? "the file is empty"
                                               : fmt::format("it begins with \"{}\"",
                                                             text::printable(start.substr(0, 16))));
    }
    if (start.size() < EI_NIDENT)
        return cut_short(file, fmt::format("it ends after {} bytes", start.size()));
    const auto elf_class = static_cast<unsigned char>(start[EI_CLASS]);
    const auto elf_data = static_cast<unsigned char>(start[EI_DATA]);
    if (elf_class != ELFCLASS64 || elf_data != ELFDATA2LSB) {
        return invalid(file + " was built for another architecture",
                       fmt::format("it is {}-bit, {}-endian; this host is 64-bit little-endian {}",
                                   elf_class == ELFCLASS32   ? "32"
                                   : elf_class == ELFCLASS64 ? "64"
                                                             : "?",
                                   elf_data == ELFDATA2MSB   ? "big"
                                   : elf_data == ELFDATA2LSB ? "little"
                                                             : "unknown",
                                   machine_name(host_machine)),
                       "build or install the plugin for this machine");
    }
    if (start.size() < bytes.size())
        return cut_short(file, fmt::format("it ends after {} bytes", start.size()));
    Elf64_Ehdr header = {};
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.e_machine != host_machine) {
        return invalid(file + " was built for another architecture",
                       fmt::format("it is for {}; this host is {}",
                                   machine_name(header.e_machine),
                                   machine_name(host_machine)),
                       "build or install the plugin for this machine");
    }
    if (header.e_type != ET_DYN) {
        return not_shared_object(file,
                                 header.e_type == ET_EXEC ? "it is a program"
                                 : header.e_type == ET_REL
                                     ? "it is an object file that was not linked"
                                     : "it is another kind of ELF file");
    }
    if (header.e_shnum == 0 || header.e_shoff == 0) {
        return invalid(file + " carries no manifest",
                       "its section headers were removed",
                       "do not strip section headers; `strip` alone keeps them");
    }
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum > most_sections) {
        return cut_short(file,
                         fmt::format("its header names {} sections of {} bytes each",
                                     header.e_shnum,
                                     header.e_shentsize));
    }
    const std::uint64_t table_size = std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr);
    if (header.e_shoff > file_size || table_size > file_size - header.e_shoff) {
        return cut_short(
            file,
            fmt::format("its section table should be at byte {}, but the file has {} bytes",
                        header.e_shoff,
                        file_size));
    }
    return {};
}

struct ElfEnd {
    void operator()(Elf* elf) const { (void)elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

bool inside(const GElf_Shdr& section, std::uint64_t file_size) {
    return section.sh_type != SHT_NOBITS && section.sh_offset <= file_size &&
           section.sh_size <= file_size - section.sh_offset;
}

struct Sections {
    std::optional<GElf_Shdr> manifest = {};
    std::optional<GElf_Shdr> symbols = {};
    std::optional<GElf_Shdr> symbol_names = {};
};

Sections find_sections(Elf* elf) {
    Sections found;
    std::size_t names = 0;
    if (elf_getshdrstrndx(elf, &names) != 0) return found;
    for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
         section = elf_nextscn(elf, section)) {
        GElf_Shdr header = {};
        if (gelf_getshdr(section, &header) == nullptr) continue;
        if (header.sh_type == SHT_DYNSYM && !found.symbols) {
            found.symbols = header;
            GElf_Shdr linked = {};
            Elf_Scn* name_section = elf_getscn(elf, header.sh_link);
            if (name_section != nullptr && gelf_getshdr(name_section, &linked) != nullptr)
                found.symbol_names = linked;
        }
        const char* name = elf_strptr(elf, names, header.sh_name);
        if (name != nullptr && std::string_view(name) == HANDOVER_MANIFEST_SECTION)
            found.manifest = header;
    }
    return found;
}

std::optional<std::uint32_t> abi_of(std::string_view symbol) {
    if (!symbol.starts_with(entry_prefix)) return std::nullopt;
    symbol.remove_prefix(entry_prefix.size());
    std::uint32_t version = 0;
    const auto [end, error] =
        std::from_chars(symbol.data(), symbol.data() + symbol.size(), version);
    if (error != std::errc() || end != symbol.data() + symbol.size()) return std::nullopt;
    return version;
}

std::string_view name_at(std::string_view names, std::uint64_t offset) {
    if (offset >= names.size()) return {};
    const auto rest = names.substr(offset);
    return rest.substr(0, rest.find('\0'));
}

std::vector<std::uint32_t> exported_abis(std::string_view symbols, std::string_view names) {
    std::vector<std::uint32_t> found;
    for (std::size_t at = 0; at + sizeof(Elf64_Sym) <= symbols.size(); at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol = {};
        std::memcpy(&symbol, symbols.data() + at, sizeof symbol);
        if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) continue;
        if (const auto abi = abi_of(name_at(names, symbol.st_name))) found.push_back(*abi);
    }
    return found;
}

Result<std::vector<std::uint32_t>> read_abis(int descriptor,
                                             const Sections& sections,
                                             std::uint64_t file_size,
                                             const std::string& file) {
    if (!sections.symbols || !sections.symbol_names) return std::vector<std::uint32_t>();
    if (!inside(*sections.symbols, file_size) || !inside(*sections.symbol_names, file_size) ||
        sections.symbols->sh_size > most_symbols * sizeof(Elf64_Sym) ||
        sections.symbol_names->sh_size > most_names) {
        return cut_short(file, "its symbol table reaches beyond the end of the file");
    }
    const auto symbols =
        read_range(descriptor, sections.symbols->sh_offset, sections.symbols->sh_size);
    const auto names =
        read_range(descriptor, sections.symbol_names->sh_offset, sections.symbol_names->sh_size);
    if (!symbols || !names) return cut_short(file, "its symbol table cannot be read");
    return exported_abis(*symbols, *names);
}

Result<std::string> read_manifest_section(int descriptor,
                                          const std::optional<GElf_Shdr>& section,
                                          std::uint64_t file_size,
                                          const std::string& file) {
    if (!section) {
        return invalid(file + " carries no manifest",
                       "it has no section " HANDOVER_MANIFEST_SECTION
                       "; it may be a library, not a plugin",
                       "build it with handover_add_plugin(... MANIFEST plugin.toml), or remove it");
    }
    if (!inside(*section, file_size))
        return cut_short(file, "its manifest reaches beyond the end of the file");
    if (section->sh_size > longest_manifest) {
        return invalid(
            file + " carries a manifest that is too long",
            fmt::format("it has {} bytes; at most {} are read", section->sh_size, longest_manifest),
            "shorten plugin.toml and build the plugin again");
    }
    auto bytes = read_range(descriptor, section->sh_offset, section->sh_size);
    if (!bytes) return cut_short(file, "its manifest cannot be read");
    return std::move(*bytes);
}

}  // namespace

Result<PluginFile> read_plugin_file(int descriptor, const std::string& file) {
    struct stat status = {};
    if (fstat(descriptor, &status) != 0)
        return not_shared_object(file, platform::error_text(errno));
    if (!S_ISREG(status.st_mode)) return not_shared_object(file, "it is not a regular file");
    const auto file_size = static_cast<std::uint64_t>(status.st_size);
    if (auto checked = check_header(descriptor, file_size, file); !checked)
        return checked.failure();

    (void)elf_version(EV_CURRENT);
    const ElfHandle elf(elf_begin(descriptor, ELF_C_READ, nullptr));
    if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF) {
        const char* words = elf_errmsg(-1);
        return cut_short(file, words == nullptr ? "libelf cannot read it" : words);
    }
    const auto sections = find_sections(elf.get());
    auto manifest = read_manifest_section(descriptor, sections.manifest, file_size, file);
    if (!manifest) return manifest.failure();
    auto abis = read_abis(descriptor, sections, file_size, file);
    if (!abis) return abis.failure();
    return PluginFile{.manifest = *std::move(manifest), .abis = *std::move(abis)};
}

Result<void> check_abi(const std::vector<std::uint32_t>& abis, const std::string& file) {
    if (abis.empty()) {
        return invalid(
            file + " has no entry point",
            "it exports no " HANDOVER_ENTRY_SYMBOL,
            "define the entry point (HANDOVER_PLUGIN in C++) and build with handover_add_plugin");
    }
    if (std::find(abis.begin(), abis.end(), HANDOVER_ABI_MAJOR) != abis.end()) return {};
    const auto newest = *std::max_element(abis.begin(), abis.end());
    return fail({.code = Errc::plugin_abi_mismatch,
                 .message = fmt::format("{} speaks version {} of the plugin ABI", file, newest),
                 .reason = fmt::format("this host speaks version {}", HANDOVER_ABI_MAJOR),
                 .fix = newest > HANDOVER_ABI_MAJOR
                            ? "install a newer handover, or the plugin's release for this one"
                            : "install a newer release of the plugin"});
}

}  // namespace handover::plugins
