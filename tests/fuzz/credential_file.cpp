// Whatever parses prints, and prints to the same thing again; a file name that is an id's is that
// id's only one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/credential_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto id = handover::auth::id_of_file_name(text)) {
        if (handover::auth::file_stem(*id) + ".json" != text) std::abort();
    }
    const auto credential = handover::auth::parse_credential(text);
    if (!credential) return 0;
    const auto printed = handover::auth::print_credential(*credential);
    const auto again = handover::auth::parse_credential(printed);
    if (!again || handover::auth::print_credential(*again) != printed) std::abort();
    return 0;
}
