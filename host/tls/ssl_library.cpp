#include "tls/ssl_library.hpp"

#include "platform/shared_library.hpp"

namespace handover::tls {
namespace {

// libcrypto's functions are found through libssl, which needs it.
void find_tls(platform::SharedLibrary& library, SslLibrary& ssl) {
    library.find("TLS_server_method", ssl.server_method);
    library.find("TLS_client_method", ssl.client_method);
    library.find("SSL_CTX_new", ssl.context_new);
    library.find("SSL_CTX_free", ssl.context_free);
    library.find("SSL_CTX_ctrl", ssl.context_ctrl);
    library.find("SSL_CTX_set_options", ssl.context_set_options);
    library.find("SSL_CTX_set_cipher_list", ssl.context_set_cipher_list);
    library.find("SSL_CTX_set_alpn_select_cb", ssl.context_set_alpn_select);
    library.find("SSL_CTX_use_certificate", ssl.context_use_certificate);
    library.find("SSL_CTX_use_PrivateKey", ssl.context_use_private_key);
    library.find("SSL_CTX_set_session_id_context", ssl.context_set_session_id_context);
    library.find("SSL_select_next_proto", ssl.select_next_protocol);
    library.find("SSL_new", ssl.session_new);
    library.find("SSL_free", ssl.session_free);
    library.find("SSL_set_bio", ssl.set_bio);
    library.find("SSL_get_rbio", ssl.session_read_bio);
    library.find("SSL_set_accept_state", ssl.set_accept_state);
    library.find("SSL_read", ssl.read);
    library.find("SSL_write", ssl.write);
    library.find("SSL_shutdown", ssl.shutdown);
    library.find("SSL_get_error", ssl.get_error);
}

void find_clients_part(platform::SharedLibrary& library, SslLibrary& ssl) {
    library.find("SSL_CTX_set_verify", ssl.context_set_verify);
    library.find("SSL_CTX_get0_param", ssl.context_param);
    library.find("SSL_CTX_set_alpn_protos", ssl.context_set_protocols);
    library.find("SSL_CTX_sess_set_new_cb", ssl.context_set_on_new_session);
    library.find("SSL_CTX_load_verify_locations", ssl.context_load_roots);
    library.find("SSL_CTX_set_default_verify_paths", ssl.context_load_default_roots);
    library.find("SSL_set_connect_state", ssl.set_connect_state);
    library.find("SSL_is_init_finished", ssl.is_init_finished);
    library.find("SSL_ctrl", ssl.session_ctrl);
    library.find("SSL_get0_param", ssl.session_param);
    library.find("SSL_set1_host", ssl.session_set_host);
    library.find("SSL_set_hostflags", ssl.session_set_host_flags);
    library.find("SSL_set_session", ssl.session_set_ticket);
    library.find("SSL_SESSION_dup", ssl.ticket_copy);
    library.find("SSL_SESSION_free", ssl.ticket_free);
    library.find("SSL_get_verify_result", ssl.verify_result);
    library.find("X509_VERIFY_PARAM_set_flags", ssl.param_set_flags);
    library.find("X509_VERIFY_PARAM_set1_ip_asc", ssl.param_set_ip);
    library.find("X509_verify_cert_error_string", ssl.verify_words);
}

void find_bio(platform::SharedLibrary& library, SslLibrary& ssl) {
    library.find("BIO_get_new_index", ssl.bio_new_index);
    library.find("BIO_meth_new", ssl.bio_method_new);
    library.find("BIO_meth_set_read", ssl.bio_method_set_read);
    library.find("BIO_meth_set_write", ssl.bio_method_set_write);
    library.find("BIO_meth_set_ctrl", ssl.bio_method_set_ctrl);
    library.find("BIO_new", ssl.bio_new);
    library.find("BIO_new_mem_buf", ssl.bio_new_of_memory);
    library.find("BIO_free", ssl.bio_free);
    library.find("BIO_set_data", ssl.bio_set_data);
    library.find("BIO_get_data", ssl.bio_get_data);
    library.find("BIO_set_init", ssl.bio_set_init);
    library.find("BIO_set_flags", ssl.bio_set_flags);
    library.find("BIO_clear_flags", ssl.bio_clear_flags);
}

void find_files(platform::SharedLibrary& library, SslLibrary& ssl) {
    library.find("PEM_read_bio_X509", ssl.read_certificate);
    library.find("PEM_read_bio_PrivateKey", ssl.read_private_key);
    library.find("X509_free", ssl.certificate_free);
    library.find("X509_check_private_key", ssl.check_private_key);
    library.find("X509_get0_notBefore", ssl.not_before);
    library.find("X509_get0_notAfter", ssl.not_after);
    library.find("ASN1_TIME_to_tm", ssl.time_to_calendar);
    library.find("X509_cmp_time", ssl.compare_time);
    library.find("EVP_PKEY_free", ssl.key_free);
    library.find("ERR_clear_error", ssl.clear_errors);
    library.find("ERR_peek_last_error", ssl.last_error);
    library.find("ERR_reason_error_string", ssl.reason_of);
}

Result<const SslLibrary*> open_library() {
    static SslLibrary ssl;
    platform::SharedLibrary library("libssl.so.3");
    find_tls(library, ssl);
    find_clients_part(library, ssl);
    find_bio(library, ssl);
    find_files(library, ssl);
    if (library.problem().empty()) return &ssl;
    return fail({.code = Errc::internal,
                 .message = "libssl.so.3 cannot be used, so TLS cannot be spoken",
                 .reason = library.problem(),
                 .fix = "apt-get install libssl3"});
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
