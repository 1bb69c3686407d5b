// OpenSSL's TLS as a table of functions, opened with dlopen like libcurl (host/http) and for the
// same reason: no command pays for it that does not speak TLS by itself. For the files of this
// folder only.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <handover/result.hpp>

#include <string>

namespace handover::tls {

struct SslLibrary {
    decltype(&::TLS_server_method) server_method = nullptr;
    decltype(&::TLS_client_method) client_method = nullptr;
    decltype(&::SSL_CTX_new) context_new = nullptr;
    decltype(&::SSL_CTX_free) context_free = nullptr;
    decltype(&::SSL_CTX_ctrl) context_ctrl = nullptr;
    decltype(&::SSL_CTX_set_options) context_set_options = nullptr;
    decltype(&::SSL_CTX_set_cipher_list) context_set_cipher_list = nullptr;
    decltype(&::SSL_CTX_set_alpn_select_cb) context_set_alpn_select = nullptr;
    decltype(&::SSL_CTX_use_certificate) context_use_certificate = nullptr;
    decltype(&::SSL_CTX_use_PrivateKey) context_use_private_key = nullptr;
    decltype(&::SSL_CTX_set_session_id_context) context_set_session_id_context = nullptr;
    decltype(&::SSL_CTX_set_verify) context_set_verify = nullptr;
    decltype(&::SSL_CTX_get0_param) context_param = nullptr;
    decltype(&::SSL_CTX_set_alpn_protos) context_set_protocols = nullptr;
    decltype(&::SSL_CTX_sess_set_new_cb) context_set_on_new_session = nullptr;
    decltype(&::SSL_CTX_load_verify_locations) context_load_roots = nullptr;
    decltype(&::SSL_CTX_set_default_verify_paths) context_load_default_roots = nullptr;
    decltype(&::SSL_select_next_proto) select_next_protocol = nullptr;
    decltype(&::SSL_new) session_new = nullptr;
    decltype(&::SSL_free) session_free = nullptr;
    decltype(&::SSL_set_bio) set_bio = nullptr;
    decltype(&::SSL_get_rbio) session_read_bio = nullptr;
    decltype(&::SSL_set_accept_state) set_accept_state = nullptr;
    decltype(&::SSL_set_connect_state) set_connect_state = nullptr;
    decltype(&::SSL_is_init_finished) is_init_finished = nullptr;
    decltype(&::SSL_ctrl) session_ctrl = nullptr;
    decltype(&::SSL_get0_param) session_param = nullptr;
    decltype(&::SSL_set1_host) session_set_host = nullptr;
    decltype(&::SSL_set_hostflags) session_set_host_flags = nullptr;
    decltype(&::SSL_set_session) session_set_ticket = nullptr;
    decltype(&::SSL_SESSION_dup) ticket_copy = nullptr;
    decltype(&::SSL_SESSION_free) ticket_free = nullptr;
    decltype(&::SSL_get_verify_result) verify_result = nullptr;
    decltype(&::SSL_read) read = nullptr;
    decltype(&::SSL_write) write = nullptr;
    decltype(&::SSL_shutdown) shutdown = nullptr;
    decltype(&::SSL_get_error) get_error = nullptr;

    decltype(&::BIO_get_new_index) bio_new_index = nullptr;
    decltype(&::BIO_meth_new) bio_method_new = nullptr;
    decltype(&::BIO_meth_set_read) bio_method_set_read = nullptr;
    decltype(&::BIO_meth_set_write) bio_method_set_write = nullptr;
    decltype(&::BIO_meth_set_ctrl) bio_method_set_ctrl = nullptr;
    decltype(&::BIO_new) bio_new = nullptr;
    decltype(&::BIO_new_mem_buf) bio_new_of_memory = nullptr;
    decltype(&::BIO_free) bio_free = nullptr;
    decltype(&::BIO_set_data) bio_set_data = nullptr;
    decltype(&::BIO_get_data) bio_get_data = nullptr;
    decltype(&::BIO_set_init) bio_set_init = nullptr;
    decltype(&::BIO_set_flags) bio_set_flags = nullptr;
    decltype(&::BIO_clear_flags) bio_clear_flags = nullptr;

    decltype(&::PEM_read_bio_X509) read_certificate = nullptr;
    decltype(&::PEM_read_bio_PrivateKey) read_private_key = nullptr;
    decltype(&::X509_free) certificate_free = nullptr;
    decltype(&::X509_check_private_key) check_private_key = nullptr;
    decltype(&::X509_get0_notBefore) not_before = nullptr;
    decltype(&::X509_get0_notAfter) not_after = nullptr;
    decltype(&::ASN1_TIME_to_tm) time_to_calendar = nullptr;
    decltype(&::X509_cmp_time) compare_time = nullptr;
    decltype(&::X509_VERIFY_PARAM_set_flags) param_set_flags = nullptr;
    decltype(&::X509_VERIFY_PARAM_set1_ip_asc) param_set_ip = nullptr;
    decltype(&::X509_verify_cert_error_string) verify_words = nullptr;
    decltype(&::EVP_PKEY_free) key_free = nullptr;
    decltype(&::ERR_clear_error) clear_errors = nullptr;
    decltype(&::ERR_peek_last_error) last_error = nullptr;
    decltype(&::ERR_reason_error_string) reason_of = nullptr;
};

// Opens libssl.so.3 once per process; thread-safe. INTERNAL, naming the package, where it is
// missing.
Result<const SslLibrary*> ssl_library();

// What OpenSSL says about this thread's last failure, in its own fixed words; they hold nothing of
// keys or traffic.
std::string failure_text(const SslLibrary& ssl);

}  // namespace handover::tls
