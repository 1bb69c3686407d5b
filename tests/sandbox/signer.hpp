// JSON Web Tokens signed with a key made at start: RS256, which every OpenID provider has to offer
// (OpenID Connect Core 15.1).
#pragma once

#include <handover/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace handover::sandbox {

class Signer {
public:
    static Result<Signer> create();
    Signer(Signer&&) noexcept;
    Signer& operator=(Signer&&) noexcept;
    ~Signer();

    // RFC 7519 over RFC 7515 compact serialization; `claims` is a JSON object.
    [[nodiscard]] std::string sign(std::string_view claims) const;

    // RFC 7517 key set with the public key.
    [[nodiscard]] std::string key_set() const;

private:
    struct Key;
    explicit Signer(std::unique_ptr<Key> key);
    std::unique_ptr<Key> key_;
};

// The same claims under `alg: none`, which no client may take.
std::string unsigned_token(std::string_view claims);

}  // namespace handover::sandbox
