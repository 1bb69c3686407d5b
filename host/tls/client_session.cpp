#include "tls/client_session.hpp"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <new>
#include <utility>

#include "tls/ssl_library.hpp"

namespace handover::tls {
namespace {

bool is_address(const std::string& host) {
    in6_addr address = {};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// RFC 6066 section 3: an address is no server name.
bool expect(const SslLibrary& ssl, SSL* session, const std::string& host) {
    if (is_address(host)) return ssl.param_set_ip(ssl.session_param(session), host.c_str()) == 1;
    ssl.session_set_host_flags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return ssl.session_set_host(session, host.c_str()) == 1 &&
           ssl.session_ctrl(session,
                            SSL_CTRL_SET_TLSEXT_HOSTNAME,
                            TLSEXT_NAMETYPE_host_name,
                            const_cast<char*>(host.c_str())) == 1;  // which copies it
}

// OpenSSL marks its own ones as spent when a handshake with them is over (TLS 1.3), or when a
// connection that brought them ends badly. Who watches sees one gateway and one server either way
// (RFC 8446 appendix C.4).
Ticket copy_of(SSL_SESSION* ticket, const SslLibrary& ssl) {
    if (ticket == nullptr) return nullptr;
    return {ssl.ticket_copy(ticket), ssl.ticket_free};
}

}  // namespace

ClientSession::ClientSession(std::shared_ptr<const Trust> trust, const Peer& peer)
    : Session(std::move(trust)) {
    if (!expect(ssl(), session(), peer.host)) throw std::bad_alloc();
    ssl().set_connect_state(session());
    if (const auto copy = copy_of(peer.ticket.get(), ssl()))
        (void)ssl().session_set_ticket(session(), copy.get());
}

ClientSession::~ClientSession() = default;

void ClientSession::begin(std::string& out) {
    feed({});
    (void)open({}, out);
}

bool ClientSession::established() const {
    return ssl().is_init_finished(session()) == 1;
}

int ClientSession::on_ticket(ssl_st* session, ssl_session_st* ticket) noexcept {
    auto& self = static_cast<ClientSession&>(Session::of(session));
    try {
        self.ticket_ = copy_of(ticket, self.ssl());
    } catch (...) {
        // Out of memory: the next handshake is a long one.
    }
    return 0;
}

std::string ClientSession::describe_failure() const {
    const auto verdict = ssl().verify_result(session());
    auto words = failure_text(ssl());
    return verdict == X509_V_OK ? words : ssl().verify_words(verdict);
}

}  // namespace handover::tls
