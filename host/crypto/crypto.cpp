#include "crypto/crypto.hpp"

// The one-shot and EVP functions would pull in the whole library.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace handover::crypto {

Digest sha256(std::string_view bytes) {
    Digest digest{};
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes.data(), bytes.size());
    SHA256_Final(digest.data(), &context);
    return digest;
}

std::string hex(const Digest& digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(digest.size() * 2);
    for (const auto byte : digest) {
        out.push_back(digits[byte >> 4U]);
        out.push_back(digits[byte & 15U]);
    }
    return out;
}

std::string random_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t filled = 0;
    while (filled < size) {
        const auto got = getrandom(bytes.data() + filled, size - filled, 0);
        if (got < 0 && errno != EINTR)
            throw std::system_error(errno, std::system_category(), "getrandom");
        if (got > 0) filled += static_cast<std::size_t>(got);
    }
    return bytes;
}

}  // namespace handover::crypto
