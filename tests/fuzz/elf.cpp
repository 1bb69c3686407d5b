// Reading a plugin file: whatever the bytes are, nothing outside them is read and an answer fits
// its bounds.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "plugins/elf_section.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const int file = memfd_create("fuzz", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != static_cast<ssize_t>(size)) abort();
    const auto read = handover::plugins::read_plugin_file(file, "fuzz.so");
    if (read && read->manifest.size() > size) abort();
    if (read && read->manifest.size() > handover::plugins::longest_manifest) abort();
    if (!read && (read.error().message.empty() || read.error().reason.empty())) abort();
    (void)close(file);
    return 0;
}
