// Randomness from the kernel and SHA-256 from OpenSSL's archive, of which only the block function
// is linked: loading the shared libcrypto would cost every command that names a file by a digest
// more than the rest of its start.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace handover::crypto {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view bytes);

std::string hex(const Digest& digest);

// `size` bytes from getrandom(2). Throws std::system_error if the kernel has none to give, which it
// never refuses after boot.
std::string random_bytes(std::size_t size);

}  // namespace handover::crypto
