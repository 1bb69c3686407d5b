// A loopback server that notes when the first byte of a request arrives, and answers it as a model
// would.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

struct ssl_ctx_st;

namespace handover::bench {

// Nanoseconds of CLOCK_MONOTONIC.
std::int64_t now();

class FirstByteServer {
public:
    // Plain http without a certificate, else https. Files are PEM.
    explicit FirstByteServer(const std::string& certificate = {}, const std::string& key = {});
    ~FirstByteServer();
    FirstByteServer(const FirstByteServer&) = delete;
    FirstByteServer& operator=(const FirstByteServer&) = delete;

    [[nodiscard]] int port() const { return port_; }
    // When the first byte of the latest request came; for https the first byte inside TLS.
    [[nodiscard]] std::int64_t first_byte() const { return first_byte_; }
    void forget() { first_byte_ = 0; }

private:
    void serve();
    void answer(int fd);

    int listener_ = -1;
    int port_ = 0;
    ssl_ctx_st* tls_ = nullptr;
    std::atomic<std::int64_t> first_byte_ = 0;
    std::thread thread_ = {};
};

}  // namespace handover::bench
