// What a client's sessions have in common: the roots that a server's certificate must lead to.
#pragma once

#include <handover/result.hpp>

#include <memory>
#include <string>

#include "tls/context.hpp"

namespace handover::tls {

class Trust final : public Context {
public:
    // A file of certificates in PEM, or a directory of hashed names, each empty where there is
    // none; without both OpenSSL's own default. A certificate among them need not be a root.
    // CONFIG_INVALID where they cannot be read; INTERNAL where OpenSSL is missing.
    static Result<std::shared_ptr<const Trust>> make(const std::string& file,
                                                     const std::string& directory);

private:
    explicit Trust(const SslLibrary& ssl);
};

}  // namespace handover::tls
