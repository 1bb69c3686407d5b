#include "first_byte_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace handover::bench {
namespace {

constexpr std::string_view events =
    "event: response.created\n"
    R"(data: {"type":"response.created","sequence_number":0,"response":{"id":"r","status":"in_progress","output":[]}})"
    "\n\nevent: response.output_text.delta\n"
    R"(data: {"type":"response.output_text.delta","sequence_number":1,"item_id":"m","output_index":0,"content_index":0,"delta":"ok"})"
    "\n\nevent: response.completed\n"
    R"(data: {"type":"response.completed","sequence_number":2,"response":{"id":"r","status":"completed","output":[{"type":"message",)"
    R"("id":"m","role":"assistant","status":"completed","content":[{"type":"output_text","text":"ok","annotations":[]}]}]}})"
    "\n\n";

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

// One connection, plain or inside TLS.
struct Peer {
    int fd = -1;
    SSL* tls = nullptr;

    [[nodiscard]] int read_some(char* buffer, int size) const {
        return tls != nullptr
                   ? SSL_read(tls, buffer, size)
                   : static_cast<int>(::read(fd, buffer, static_cast<std::size_t>(size)));
    }
    void write_all(std::string_view text) const {
        while (!text.empty()) {
            const int written = tls != nullptr
                                    ? SSL_write(tls, text.data(), static_cast<int>(text.size()))
                                    : static_cast<int>(::write(fd, text.data(), text.size()));
            if (written <= 0) {
                return;
            }
            text.remove_prefix(static_cast<std::size_t>(written));
        }
    }
};

// Bytes of the body that the head promises; names are compared as the peers of this measurement
// write them.
std::size_t content_length(std::string_view head) {
    for (const std::string_view name : {"Content-Length: ", "content-length: "}) {
        if (const auto at = head.find(name); at != std::string_view::npos) {
            return static_cast<std::size_t>(std::atoll(head.data() + at + name.size()));
        }
    }
    return 0;
}

bool is_whole(const std::string& request) {
    const auto end = request.find("\r\n\r\n");
    return end != std::string::npos &&
           request.size() >= end + 4 + content_length(std::string_view(request).substr(0, end));
}

}  // namespace

std::int64_t now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

FirstByteServer::FirstByteServer(const std::string& certificate, const std::string& key) {
    if (!certificate.empty()) {
        tls_ = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_file(tls_, certificate.c_str(), SSL_FILETYPE_PEM) != 1 ||
            SSL_CTX_use_PrivateKey_file(tls_, key.c_str(), SSL_FILETYPE_PEM) != 1) {
            die("certificate");
        }
    }
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        listen(listener_, 16) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        die("listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

FirstByteServer::~FirstByteServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    SSL_CTX_free(tls_);
}

void FirstByteServer::serve() {
    for (int fd = 0; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
        answer(fd);
        close(fd);
    }
}

void FirstByteServer::answer(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Peer peer{.fd = fd, .tls = nullptr};
    if (tls_ != nullptr) {
        peer.tls = SSL_new(tls_);
        SSL_set_fd(peer.tls, fd);
        if (SSL_accept(peer.tls) != 1) {
            SSL_free(peer.tls);
            return;
        }
    }
    std::string request;
    char buffer[8192];
    int got = 0;
    while (!is_whole(request) && (got = peer.read_some(buffer, sizeof buffer)) > 0) {
        if (request.empty()) {
            first_byte_ = now();
        }
        request.append(buffer, static_cast<std::size_t>(got));
    }
    peer.write_all(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: "
        "close\r\nContent-Length: " +
        std::to_string(events.size()) + "\r\n\r\n");
    peer.write_all(events);
    if (peer.tls != nullptr) {
        SSL_shutdown(peer.tls);
        SSL_free(peer.tls);
    }
}

}  // namespace handover::bench
