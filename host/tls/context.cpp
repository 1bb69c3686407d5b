#include "tls/context.hpp"

#include <new>

#include "tls/ssl_library.hpp"

namespace handover::tls {

Context::Context(const SslLibrary& ssl, const ssl_method_st* side)
    : ssl_(ssl), context_(ssl.context_new(side)) {
    if (context_ == nullptr) throw std::bad_alloc();
    (void)ssl.context_ctrl(context_, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
    (void)ssl.context_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)ssl.context_ctrl(context_, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, nullptr);
}

Context::~Context() {
    ssl_.context_free(context_);
}

}  // namespace handover::tls
