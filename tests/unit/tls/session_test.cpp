#include "tls/server_session.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <vector>

#include "certificates.hpp"
#include "tls_client.hpp"

namespace handover::tls {
namespace {

constexpr long week = 7L * 24 * 60 * 60;

std::shared_ptr<const Identity> make_identity() {
    const auto now = std::time(nullptr);
    const auto made = make_certificate(now, week);
    return Identity::make({.certificate_file = "server.pem",
                           .certificate = made.certificate,
                           .key_file = "server.key",
                           .key = made.key},
                          now)
        .value();
}

// A server's session and what came out of it.
struct Server {
    explicit Server(const std::shared_ptr<const Identity>& identity) : session(identity) {}

    // In pieces of so many bytes; what goes back to the client is returned.
    std::string take(std::string_view sealed, std::size_t piece = std::string_view::npos) {
        std::string out;
        while (!sealed.empty() && last.got != Session::Got::failure) {
            const auto part = sealed.substr(0, piece);
            sealed.remove_prefix(part.size());
            session.feed(part);
            do {
                std::array<char, longest_record> room = {};
                last = session.open(room, out);
                plain.append(room.data(), last.size);
            } while (last.got == Session::Got::bytes);
        }
        return out;
    }

    ServerSession session;
    Session::Opened last = {};
    std::string plain = {};
};

void shake_hands(TlsClient& client, Server& server, std::size_t piece = std::string_view::npos) {
    auto sealed = client.exchange({});
    while (!sealed.empty()) sealed = client.exchange(server.take(sealed, piece));
}

// The lengths of the records in there (RFC 8446 section 5.1).
std::vector<std::size_t> records(std::string_view sealed) {
    std::vector<std::size_t> lengths;
    while (sealed.size() >= 5) {
        const auto high = static_cast<unsigned char>(sealed[3]);
        const auto low = static_cast<unsigned char>(sealed[4]);
        lengths.push_back(high * 256U + low);
        sealed.remove_prefix(std::min(sealed.size(), 5 + lengths.back()));
    }
    return lengths;
}

std::string sealed_by(Server& server, const std::vector<std::string_view>& pieces) {
    std::string out;
    CHECK(server.session.seal(pieces, out));
    return out;
}

}  // namespace

TEST_CASE("a handshake, and bytes both ways, in any pieces") {
    const auto identity = make_identity();
    const std::string large(100'000, 'x');
    for (const std::size_t piece : {std::size_t(1), std::size_t(7), std::size_t(100'000)}) {
        for (const int newest : {TLS1_3_VERSION, TLS1_2_VERSION}) {
            DYNAMIC_SECTION(newest << " in pieces of " << piece) {
                TlsClient client({.newest = newest, .protocols = "\x08http/1.1"});
                Server server(identity);
                CHECK(!server.session.begun());
                shake_hands(client, server, piece);
                REQUIRE(client.connected());
                CHECK(server.session.begun());
                CHECK(client.version() == (newest == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2"));
                CHECK(client.protocol() == "http/1.1");
                server.take(client.seal("GET / HTTP/1.1\r\n"), piece);
                server.take(client.seal(large), piece);
                CHECK(server.plain == "GET / HTTP/1.1\r\n" + large);
                CHECK(server.last.got == Session::Got::nothing_more);
                client.exchange(sealed_by(server, {"HTTP/1.1 200 OK\r\n", large, "", "end"}));
                CHECK(client.plain == "HTTP/1.1 200 OK\r\n" + large + "end");
            }
        }
    }
}

TEST_CASE("pieces share records") {
    TlsClient client({});
    Server server(make_identity());
    shake_hands(client, server);
    CHECK(records(sealed_by(server, {"head", "chunk\r\n", "data", "\r\n"})).size() == 1);
    CHECK(records(sealed_by(server, {})).empty());
    CHECK(records(sealed_by(server, {"", ""})).empty());
    const std::string full(longest_record, 'x');
    CHECK(records(sealed_by(server, {full})).size() == 1);
    CHECK(records(sealed_by(server, {std::string_view(full).substr(1), "y"})).size() == 1);
    CHECK(records(sealed_by(server, {full, "y"})).size() == 2);
    CHECK(records(sealed_by(server, {"y", full})).size() == 2);
    CHECK(records(sealed_by(server, {full + full + "z", "y"})).size() == 3);
}

TEST_CASE("what is too old, or not ours, is refused with an alert") {
    struct Case {
        const char* name;
        int newest;
        std::string_view protocols;
        const char* reason;
    };
    const Case cases[] = {{"TLS 1.1", TLS1_1_VERSION, {}, "unsupported protocol"},
                          {"TLS 1.0", TLS1_VERSION, {}, "unsupported protocol"},
                          {"HTTP/2 alone", TLS1_3_VERSION, "\x02h2", "no application protocol"}};
    const auto identity = make_identity();
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            TlsClient client({.newest = c.newest, .protocols = c.protocols});
            Server server(identity);
            const auto alert = server.take(client.exchange({}));
            CHECK(server.last.got == Session::Got::failure);
            CHECK(server.session.failure() == c.reason);
            REQUIRE(alert.size() == 7);
            CHECK(alert.front() == 21);
            // Nothing more comes of it.
            std::string out;
            const std::array pieces = {std::string_view("x")};
            CHECK(!server.session.seal(pieces, out));
            std::array<char, longest_record> room = {};
            server.session.feed(client.exchange({}));
            CHECK(server.session.open(room, out).got == Session::Got::failure);
            server.session.end(out);
            CHECK(out.empty());
        }
    }
    SECTION("of several protocols ours is taken") {
        TlsClient client({.protocols = "\x02h2\x08http/1.1"});
        Server server(identity);
        shake_hands(client, server);
        CHECK(client.protocol() == "http/1.1");
    }
}

TEST_CASE("bytes that are no TLS") {
    const auto identity = make_identity();
    const std::string hello(1, '\x16');
    for (const auto& bytes : {std::string("GET / HTTP/1.1\r\n\r\n"),
                              hello + std::string(2000, '\xFF'),
                              hello + "\x03\x01" + std::string("\x00\x04\xFF\xFF\xFF\xFF", 6)}) {
        Server server(identity);
        server.take(bytes);
        CHECK(server.last.got == Session::Got::failure);
        CHECK(!server.session.failure().empty());
    }
    CHECK(ServerSession::may_begin_with("\x16\x03\x01"));
    CHECK(!ServerSession::may_begin_with("GET /"));
    CHECK(!ServerSession::may_begin_with(""));
}

TEST_CASE("a record that was changed on the way") {
    TlsClient client({});
    Server server(make_identity());
    shake_hands(client, server);
    auto sealed = client.seal("GET /");
    sealed.back() = static_cast<char>(sealed.back() ^ 1);
    server.take(sealed);
    CHECK(server.last.got == Session::Got::failure);
    CHECK(server.plain.empty());
}

TEST_CASE("an orderly end, either way") {
    TlsClient client({});
    Server server(make_identity());
    shake_hands(client, server);
    server.take(client.seal("last words"));
    server.take(client.end());
    CHECK(server.plain == "last words");
    CHECK(server.last.got == Session::Got::end);
    // An answer may still go to who has ended its own side.
    client.exchange(sealed_by(server, {"answer"}));
    CHECK(client.plain == "answer");
    CHECK(!client.server_ended());
    std::string out;
    server.session.end(out);
    server.session.end(out);
    client.exchange(out);
    CHECK(client.server_ended());
}

TEST_CASE("a client that comes back resumes its session") {
    const auto identity = make_identity();
    for (const int newest : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        TlsClient first({.newest = newest});
        Server server(identity);
        shake_hands(first, server);
        first.exchange(sealed_by(server, {"hello"}));
        CHECK(!first.resumed());
        auto* const ticket = first.session();
        TlsClient second({.newest = newest, .resume = ticket});
        Server again(identity);
        shake_hands(second, again);
        CHECK(second.connected());
        CHECK(second.resumed());
        // Another key's tickets are nothing to it; the handshake is then a whole one.
        TlsClient elsewhere({.newest = newest, .resume = ticket});
        Server other(make_identity());
        shake_hands(elsewhere, other);
        CHECK(elsewhere.connected());
        CHECK(!elsewhere.resumed());
        SSL_SESSION_free(ticket);
    }
}

TEST_CASE("a session that was not begun has an end as well") {
    ServerSession session(make_identity());
    std::string out;
    session.end(out);
    CHECK(out.empty());
}

}  // namespace handover::tls
