// What the host reads of a plugin file without running it: the manifest's bytes and which ABI
// versions it exports. Linux keeps both in ELF; another platform fills in this one interface.
// libelf stays inside elf_section.cpp.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace handover::plugins {

struct PluginFile {
    std::string manifest = {};  // the section's bytes, not yet looked at
    std::vector<std::uint32_t> abis =
        {};  // N for each exported handover_plugin_vN, in the order of the symbol table
};

// Manifests are text by hand; a longer one is a mistake or an attack.
inline constexpr std::uint64_t longest_manifest = 256U << 10U;  // bytes

// Reads from an open file by pread, so that a file that changes meanwhile is at worst refused.
// `file` names it in errors. PLUGIN_INVALID, in these different words: not a shared object, cut
// short, built for another architecture, no manifest.
Result<PluginFile> read_plugin_file(int descriptor, const std::string& file);

// The version of the ABI the host speaks is among `abis`, or PLUGIN_INVALID (no entry point) or
// PLUGIN_ABI_MISMATCH (others only).
Result<void> check_abi(const std::vector<std::uint32_t>& abis, const std::string& file);

}  // namespace handover::plugins
