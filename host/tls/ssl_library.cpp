#include "tls/ssl_library.hpp"

#include <dlfcn.h>

namespace handover::tls {
namespace {

Error missing() {
    const char* const text = dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
    return {.code = Errc::internal,
            .message = "libssl.so.3 cannot be used, so the gateway cannot speak TLS",
            .reason = text == nullptr ? "unknown" : text,
            .fix = "apt-get install libssl3"};
}

// Finds functions until one is missing. A library's dependencies are searched with it: libcrypto's
// functions are found through libssl.
class Finder {
public:
    explicit Finder(void* handle) : handle_(handle) {}

    template <typename Function>
    Finder& operator()(const char* name, Function& function) {
        if (!complete_) return *this;
        function = reinterpret_cast<Function>(dlsym(handle_, name));
        complete_ = function != nullptr;
        return *this;
    }
    [[nodiscard]] bool complete() const { return complete_; }

private:
    void* handle_;
    bool complete_ = true;
};

void find_tls(Finder& find, SslLibrary& ssl) {
    find("TLS_server_method", ssl.server_method)("SSL_CTX_new", ssl.context_new)(
        "SSL_CTX_free", ssl.context_free)("SSL_CTX_ctrl", ssl.context_ctrl)(
        "SSL_CTX_set_options", ssl.context_set_options)("SSL_CTX_set_cipher_list",
                                                        ssl.context_set_cipher_list)(
        "SSL_CTX_set_alpn_select_cb", ssl.context_set_alpn_select)("SSL_CTX_use_certificate",
                                                                   ssl.context_use_certificate)(
        "SSL_CTX_use_PrivateKey", ssl.context_use_private_key)("SSL_CTX_set_session_id_context",
                                                               ssl.context_set_session_id_context)(
        "SSL_select_next_proto", ssl.select_next_protocol)("SSL_new", ssl.session_new)(
        "SSL_free", ssl.session_free)("SSL_set_bio", ssl.set_bio)(
        "SSL_set_accept_state", ssl.set_accept_state)("SSL_read", ssl.read)("SSL_write", ssl.write)(
        "SSL_shutdown", ssl.shutdown)("SSL_get_error", ssl.get_error);
}

void find_bio(Finder& find, SslLibrary& ssl) {
    find("BIO_get_new_index", ssl.bio_new_index)("BIO_meth_new", ssl.bio_method_new)(
        "BIO_meth_set_read", ssl.bio_method_set_read)("BIO_meth_set_write",
                                                      ssl.bio_method_set_write)(
        "BIO_meth_set_ctrl", ssl.bio_method_set_ctrl)("BIO_new", ssl.bio_new)(
        "BIO_new_mem_buf", ssl.bio_new_of_memory)("BIO_free", ssl.bio_free)(
        "BIO_set_data", ssl.bio_set_data)("BIO_get_data", ssl.bio_get_data)(
        "BIO_set_init", ssl.bio_set_init)("BIO_set_flags", ssl.bio_set_flags)("BIO_clear_flags",
                                                                              ssl.bio_clear_flags);
}

void find_files(Finder& find, SslLibrary& ssl) {
    find("PEM_read_bio_X509", ssl.read_certificate)(
        "PEM_read_bio_PrivateKey", ssl.read_private_key)("X509_free", ssl.certificate_free)(
        "X509_check_private_key", ssl.check_private_key)("X509_get0_notAfter", ssl.not_after)(
        "X509_cmp_time", ssl.compare_time)("EVP_PKEY_free", ssl.key_free)(
        "ERR_clear_error", ssl.clear_errors)("ERR_peek_last_error", ssl.last_error)(
        "ERR_reason_error_string", ssl.reason_of);
}

Result<const SslLibrary*> open_library() {
    // Never closed: OpenSSL leaves threads' and exit handlers behind.
    void* const handle = dlopen("libssl.so.3", RTLD_LAZY | RTLD_LOCAL);
    if (handle == nullptr) return fail(missing());
    static SslLibrary ssl;
    Finder find(handle);
    find_tls(find, ssl);
    find_bio(find, ssl);
    find_files(find, ssl);
    if (!find.complete()) return fail(missing());
    return &ssl;
}

}  // namespace

Result<const SslLibrary*> ssl_library() {
    static const auto opened = open_library();
    return opened;
}

std::string failure_text(const SslLibrary& ssl) {
    const auto code = ssl.last_error();
    const char* const text = code == 0 ? nullptr : ssl.reason_of(code);
    ssl.clear_errors();
    return text == nullptr ? "unknown" : text;
}

}  // namespace handover::tls
