// What the sessions of one side have in common. Shared by them, on any thread.
#pragma once

struct ssl_ctx_st;
struct ssl_method_st;

namespace handover::tls {

struct SslLibrary;

class Context {
public:
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    [[nodiscard]] ssl_ctx_st* context() const { return context_; }
    [[nodiscard]] const SslLibrary& library() const { return ssl_; }

protected:
    // TLS 1.2 and newer, no renegotiation, and no buffers while a connection rests.
    Context(const SslLibrary& ssl, const ssl_method_st* side);
    ~Context();

private:
    const SslLibrary& ssl_;
    ssl_ctx_st* context_;
};

}  // namespace handover::tls
