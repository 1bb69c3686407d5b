#include "tls/identity.hpp"

#include <algorithm>
#include <utility>

#include "tls/ssl_library.hpp"

namespace handover::tls {
namespace {

// Of TLS 1.2 only what has forward secrecy and is authenticated; 1.3 has nothing else.
constexpr const char* tls_1_2_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
// RFC 7301, each name with its length before it.
constexpr std::string_view spoken = "\x08http/1.1";
constexpr std::string_view session_context = "handover";
constexpr std::size_t longest_file = 1U << 20U;

template <typename Thing>
using Owned = std::unique_ptr<Thing, void (*)(Thing*)>;

Failure unusable(std::string_view file, std::string reason, std::string fix = {}) {
    return fail({.code = Errc::config_invalid,
                 .message = "the file " + std::string(file) + " cannot be used for TLS",
                 .reason = std::move(reason),
                 .fix = std::move(fix)});
}

// No passphrase is ever asked for: OpenSSL's own way would be to read one from the terminal.
int no_passphrase(char* /*room*/, int /*size*/, int /*writing*/, void* /*argument*/) {
    return -1;
}

// A client that offers protocols, but not ours, is told so by an alert.
int select_protocol(SSL* /*session*/,
                    const unsigned char** chosen,
                    unsigned char* size,
                    const unsigned char* offered,
                    unsigned int offered_size,
                    void* argument) {
    const auto& ssl = *static_cast<const SslLibrary*>(argument);
    unsigned char* found = nullptr;
    const int answer =
        ssl.select_next_protocol(&found,
                                 size,
                                 reinterpret_cast<const unsigned char*>(spoken.data()),
                                 static_cast<unsigned int>(spoken.size()),
                                 offered,
                                 offered_size);
    *chosen = found;
    return answer == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Owned<BIO> in_memory(const SslLibrary& ssl, std::string_view text) {
    // BIO_free returns a number that nobody needs.
    static const auto free_bio = ssl.bio_free;
    const auto size = static_cast<int>(std::min(text.size(), longest_file));
    return {ssl.bio_new_of_memory(text.data(), size), [](BIO* bio) { (void)free_bio(bio); }};
}

Owned<X509> next_certificate(const SslLibrary& ssl, BIO* bio) {
    return {ssl.read_certificate(bio, nullptr, no_passphrase, nullptr), ssl.certificate_free};
}

std::time_t as_time(const SslLibrary& ssl, const ASN1_TIME* time) {
    std::tm calendar = {};
    return ssl.time_to_calendar(time, &calendar) == 1 ? timegm(&calendar) : 0;
}

crypto::Digest digest_of(const IdentityText& text) {
    const auto certificate = crypto::sha256(text.certificate);
    const auto key = crypto::sha256(text.key);
    std::string both(certificate.begin(), certificate.end());
    both.append(key.begin(), key.end());
    return crypto::sha256(both);
}

}  // namespace

Identity::Identity(const SslLibrary& ssl) : Context(ssl, ssl.server_method()) {
    // Tickets carry sessions; a cache beside them would only be a lock that all loops share.
    (void)ssl.context_ctrl(context(), SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
    (void)ssl.context_set_session_id_context(
        context(),
        reinterpret_cast<const unsigned char*>(session_context.data()),
        static_cast<unsigned int>(session_context.size()));
    (void)ssl.context_set_cipher_list(context(), tls_1_2_ciphers);
    ssl.context_set_alpn_select(context(), select_protocol, const_cast<SslLibrary*>(&ssl));
}

Result<void> Identity::take(const IdentityText& text, std::time_t now) {
    const auto chain = in_memory(library(), text.certificate);
    const auto own = next_certificate(library(), chain.get());
    if (!own) return unusable(text.certificate_file, "it holds no certificate in PEM");
    if (library().compare_time(library().not_after(own.get()), &now) < 0)
        return unusable(text.certificate_file,
                        "its certificate has expired",
                        "put the renewed certificate there");

    const auto key_text = in_memory(library(), text.key);
    const Owned<EVP_PKEY> key(
        library().read_private_key(key_text.get(), nullptr, no_passphrase, nullptr),
        library().key_free);
    if (!key) return unusable(text.key_file, "it holds no private key in PEM without a passphrase");
    if (library().check_private_key(own.get(), key.get()) != 1)
        return unusable(
            text.key_file,
            "it does not belong to the certificate in " + std::string(text.certificate_file));
    // A key that is too short for the system's security level ends here.
    if (library().context_use_certificate(context(), own.get()) != 1)
        return unusable(text.certificate_file, failure_text(library()));
    if (library().context_use_private_key(context(), key.get()) != 1)
        return unusable(text.key_file, failure_text(library()));

    validity_ = {.from = as_time(library(), library().not_before(own.get())),
                 .until = as_time(library(), library().not_after(own.get()))};
    while (auto further = next_certificate(library(), chain.get())) {
        validity_.until =
            std::min(validity_.until, as_time(library(), library().not_after(further.get())));
        if (library().context_ctrl(context(), SSL_CTRL_CHAIN_CERT, 0, further.get()) != 1)
            return unusable(text.certificate_file, failure_text(library()));
        (void)further.release();
    }
    return {};
}

Result<std::shared_ptr<const Identity>> Identity::make(const IdentityText& text, std::time_t now) {
    const auto ssl = ssl_library();
    if (!ssl) return ssl.failure();
    const std::shared_ptr<Identity> identity(new Identity(**ssl));
    auto taken = identity->take(text, now);
    (*ssl)->clear_errors();  // the end of a PEM file is an error to its reader
    if (!taken) return std::move(taken).failure();
    identity->made_of_ = digest_of(text);
    return std::shared_ptr<const Identity>(identity);
}

}  // namespace handover::tls
