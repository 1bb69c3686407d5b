// Randomness from the kernel and SHA-256 from libcrypto, which is opened at the first digest: a
// command that needs none does not pay for loading it.
#pragma once

#include <handover/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace handover::crypto {

using Digest = std::array<std::uint8_t, 32>;

// INTERNAL if libcrypto cannot be opened.
Result<Digest> sha256(std::string_view bytes);

std::string hex(const Digest& digest);

// `size` bytes from getrandom(2). Throws std::system_error if the kernel has none to give, which it
// never refuses after boot.
std::string random_bytes(std::size_t size);

}  // namespace handover::crypto
