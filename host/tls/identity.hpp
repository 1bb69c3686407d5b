// What a server's sessions have in common: what it proves itself with, a certificate with its chain
// and the key to it.
#pragma once

#include <handover/result.hpp>

#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/crypto.hpp"
#include "tls/context.hpp"
#include "tls/validity.hpp"

namespace handover::tls {

// The contents of two files, and what messages call them.
struct IdentityText {
    std::string_view certificate_file = {};
    std::string_view certificate = {};  // PEM: the server's own first, then what leads to the root
    std::string_view key_file = {};
    std::string_view key = {};  // PEM, without a passphrase
};

class Identity final : public Context {
public:
    // CONFIG_INVALID names the file that is not what it should be, also where the two do not belong
    // together or the certificate's time is over.
    static Result<std::shared_ptr<const Identity>> make(const IdentityText& text, std::time_t now);

    // Whether it was made of the same text: then the old one, which clients know tickets of, will
    // do.
    [[nodiscard]] bool same_as(const Identity& other) const { return made_of_ == other.made_of_; }
    [[nodiscard]] const Validity& validity() const { return validity_; }

private:
    explicit Identity(const SslLibrary& ssl);

    Result<void> take(const IdentityText& text, std::time_t now);

    crypto::Digest made_of_ = {};
    Validity validity_ = {};
};

}  // namespace handover::tls
