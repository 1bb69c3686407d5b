// OpenSSL's own client, in memory.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace handover::tls {

class TlsClient {
public:
    struct Options {
        int newest = TLS1_3_VERSION;
        std::string_view protocols = {};  // ALPN, each name with its length before it
        SSL_SESSION* resume = nullptr;
    };

    explicit TlsClient(const Options& options);
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;
    ~TlsClient();

    // Takes what the server sent and gives back what goes to it. Plain bytes collect in `plain`.
    std::string exchange(std::string_view sealed);
    std::string seal(std::string_view text);
    std::string end();

    [[nodiscard]] bool connected() const { return SSL_is_init_finished(ssl_) == 1; }
    [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_) == 1; }
    [[nodiscard]] bool server_ended() const {
        return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
    }
    [[nodiscard]] std::string version() const { return SSL_get_version(ssl_); }
    [[nodiscard]] std::string protocol() const;
    [[nodiscard]] SSL_SESSION* session() const { return SSL_get1_session(ssl_); }

    std::string plain = {};

private:
    std::string leaving();

    SSL_CTX* context_;
    SSL* ssl_;
};

}  // namespace handover::tls
