#include "tls_client.hpp"

namespace handover::tls {

TlsClient::TlsClient(const Options& options)
    : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    // The oldest that OpenSSL still has; the server is the one to refuse.
    SSL_set_security_level(ssl_, 0);
    SSL_set_min_proto_version(ssl_, TLS1_VERSION);
    SSL_set_max_proto_version(ssl_, options.newest);
    if (!options.protocols.empty()) {
        SSL_set_alpn_protos(ssl_,
                            reinterpret_cast<const unsigned char*>(options.protocols.data()),
                            static_cast<unsigned int>(options.protocols.size()));
    }
    if (options.resume != nullptr) SSL_set_session(ssl_, options.resume);
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_);
}

TlsClient::~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
}

std::string TlsClient::leaving() {
    std::string out(BIO_ctrl_pending(SSL_get_wbio(ssl_)), '\0');
    if (!out.empty()) BIO_read(SSL_get_wbio(ssl_), out.data(), static_cast<int>(out.size()));
    return out;
}

std::string TlsClient::exchange(std::string_view sealed) {
    if (!sealed.empty())
        BIO_write(SSL_get_rbio(ssl_), sealed.data(), static_cast<int>(sealed.size()));
    char room[4096];
    for (int count = 1; count > 0;) {
        count = SSL_read(ssl_, room, sizeof room);
        if (count > 0) plain.append(room, static_cast<std::size_t>(count));
    }
    return leaving();
}

std::string TlsClient::seal(std::string_view text) {
    SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    return leaving();
}

std::string TlsClient::end() {
    SSL_shutdown(ssl_);
    return leaving();
}

std::string TlsClient::protocol() const {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

}  // namespace handover::tls
