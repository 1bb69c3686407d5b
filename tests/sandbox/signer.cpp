#include "sandbox/signer.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <stdexcept>
#include <vector>

#include "text/encoding.hpp"

namespace handover::sandbox {
namespace {

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeNumber {
    void operator()(BIGNUM* number) const { BN_free(number); }
};

constexpr std::string_view key_id = "sandbox";

std::string signing_input(std::string_view header, std::string_view claims) {
    return text::base64url_encode(header) + "." + text::base64url_encode(claims);
}

std::string public_number(const EVP_PKEY* key, const char* name) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) {
        throw std::runtime_error("the signing key does not show its public part");
    }
    const std::unique_ptr<BIGNUM, FreeNumber> number(raw);
    std::vector<unsigned char> bytes(static_cast<std::size_t>(BN_num_bytes(raw)));
    BN_bn2bin(raw, bytes.data());
    return text::base64url_encode(
        std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

struct Signer::Key {
    std::unique_ptr<EVP_PKEY, FreeKey> value;
};

Signer::Signer(std::unique_ptr<Key> key) : key_(std::move(key)) {}
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;
Signer::~Signer() = default;

Result<Signer> Signer::create() {
    constexpr std::size_t bits = 2048;
    auto key = std::make_unique<Key>();
    key->value.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
    if (!key->value) {
        return fail({.code = Errc::internal, .message = "no signing key could be made"});
    }
    return Signer(std::move(key));
}

std::string Signer::sign(std::string_view claims) const {
    auto token = signing_input(R"({"alg":"RS256","typ":"JWT","kid":"sandbox"})", claims);
    const auto* bytes = reinterpret_cast<const unsigned char*>(token.data());
    const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
    std::size_t size = 0;
    if (!context ||
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->value.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes, token.size()) != 1) {
        throw std::runtime_error("a token could not be signed");
    }
    std::vector<unsigned char> signature(size);
    if (EVP_DigestSign(context.get(), signature.data(), &size, bytes, token.size()) != 1) {
        throw std::runtime_error("a token could not be signed");
    }
    token += '.';
    token += text::base64url_encode(
        std::string_view(reinterpret_cast<const char*>(signature.data()), size));
    return token;
}

std::string Signer::key_set() const {
    const auto* key = key_->value.get();
    return R"({"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":")" + std::string(key_id) +
           R"(","n":")" + public_number(key, OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
           public_number(key, OSSL_PKEY_PARAM_RSA_E) + R"("}]})";
}

std::string unsigned_token(std::string_view claims) {
    return signing_input(R"({"alg":"none","typ":"JWT"})", claims) + ".";
}

}  // namespace handover::sandbox
