#include "certificates.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace handover::tls {
namespace {

template <typename Write>
std::string pem(const Write& write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    write(memory.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

void sign(X509* made, const Made& signer) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> certificate(
        BIO_new_mem_buf(signer.certificate.data(), -1), BIO_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> key(BIO_new_mem_buf(signer.key.data(), -1),
                                                        BIO_free);
    auto* const issuer = PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr);
    auto* const with = PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr);
    X509_set_issuer_name(made, X509_get_subject_name(issuer));
    X509_sign(made, with, EVP_sha256());
    EVP_PKEY_free(with);
    X509_free(issuer);
}

}  // namespace

Made make_certificate(std::time_t now, long seconds, const Wanted& wanted) {
    constexpr long day = 24 * 60 * 60;
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    auto* const made = certificate.get();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_time_adj(X509_getm_notBefore(made), -day, &now);
    X509_time_adj(X509_getm_notAfter(made), seconds, &now);
    auto* const name = X509_get_subject_name(made);
    // Two authorities of one name are one to the search for an issuer.
    const std::string called = wanted.signer == nullptr ? "gateway.test" : "signed.gateway.test";
    const auto* const text = reinterpret_cast<const unsigned char*>(called.c_str());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_pubkey(made, key.get());
    if (!wanted.names.empty()) {
        auto* const names =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, wanted.names.c_str());
        X509_add_ext(made, names, -1);
        X509_EXTENSION_free(names);
    }
    if (wanted.signer == nullptr) {
        X509_set_issuer_name(made, name);
        X509_sign(made, key.get(), EVP_sha256());
    } else {
        sign(made, *wanted.signer);
    }

    const auto written_key = [&](const EVP_CIPHER* cipher, char* passphrase) {
        return pem([&](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key.get(), cipher, nullptr, 0, nullptr, passphrase);
        });
    };
    char passphrase[] = "sandbox-passphrase";
    return {.certificate = pem([&](BIO* bio) { PEM_write_bio_X509(bio, made); }),
            .key = written_key(nullptr, nullptr),
            .locked_key = written_key(EVP_aes_128_cbc(), passphrase)};
}

}  // namespace handover::tls
