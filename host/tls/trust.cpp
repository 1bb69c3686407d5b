#include "tls/trust.hpp"

#include "tls/client_session.hpp"
#include "tls/ssl_library.hpp"

namespace handover::tls {
namespace {

// RFC 7301, with its length before it. What speaks HTTP/2 is left to libcurl (host/http).
constexpr unsigned char spoken[] = "\x08http/1.1";

const char* or_none(const std::string& path) {
    return path.empty() ? nullptr : path.c_str();
}

}  // namespace

Trust::Trust(const SslLibrary& ssl) : Context(ssl, ssl.client_method()) {
    ssl.context_set_verify(context(), SSL_VERIFY_PEER, nullptr);
    (void)ssl.param_set_flags(ssl.context_param(context()), X509_V_FLAG_PARTIAL_CHAIN);
    (void)ssl.context_set_protocols(context(), spoken, sizeof spoken - 1);
    // Each session hands its tickets out by itself.
    (void)ssl.context_ctrl(context(),
                           SSL_CTRL_SET_SESS_CACHE_MODE,
                           SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL,
                           nullptr);
    ssl.context_set_on_new_session(context(), &ClientSession::on_ticket);
}

Result<std::shared_ptr<const Trust>> Trust::make(const std::string& file,
                                                 const std::string& directory) {
    const auto ssl = ssl_library();
    if (!ssl) return ssl.failure();
    const std::shared_ptr<Trust> trust(new Trust(**ssl));
    const bool named = !file.empty() || !directory.empty();
    const int read =
        named ? (*ssl)->context_load_roots(trust->context(), or_none(file), or_none(directory))
              : (*ssl)->context_load_default_roots(trust->context());
    if (read == 1) return std::shared_ptr<const Trust>(trust);
    return fail({.code = Errc::config_invalid,
                 .message = "the trust roots for TLS cannot be read: " + file + directory,
                 .reason = failure_text(**ssl),
                 .fix = {}});
}

}  // namespace handover::tls
