#include "crypto/crypto.hpp"

#include <dlfcn.h>
#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace handover::crypto {
namespace {

// unsigned char* SHA256(const unsigned char*, size_t, unsigned char*): stable since OpenSSL 0.9
// (openssl/sha.h).
using Sha256Function = unsigned char* (*)(const unsigned char*, std::size_t, unsigned char*);

Sha256Function open_libcrypto() {
    // Never closed: libcurl shares it.
    void* library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return nullptr;
    return reinterpret_cast<Sha256Function>(dlsym(library, "SHA256"));
}

}  // namespace

Result<Digest> sha256(std::string_view bytes) {
    static const Sha256Function digest_of = open_libcrypto();
    if (digest_of == nullptr) {
        return fail({.code = Errc::internal,
                     .message = "cannot open libcrypto.so.3",
                     .reason = "the OpenSSL 3 library is missing",
                     .fix = "apt-get install libssl3"});
    }
    Digest digest{};
    digest_of(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
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
