#include "tls/client_session.hpp"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <list>

#include "certificates.hpp"
#include "tls/server_session.hpp"

namespace handover::tls {
namespace {

constexpr long week = 7 * 24 * 60 * 60;
constexpr const char* all_names = "DNS:gateway.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1";

Made certificate(const Wanted& wanted = {.names = all_names}, long seconds = week) {
    return make_certificate(std::time(nullptr), seconds, wanted);
}

std::shared_ptr<const Identity> identity_of(const Made& made, std::time_t at) {
    return Identity::make({.certificate_file = "server.pem",
                           .certificate = made.certificate,
                           .key_file = "server.key",
                           .key = made.key},
                          at)
        .value();
}

// A file with such certificates in it, for as long as this lives.
class RootsFile {
public:
    explicit RootsFile(const std::string& pem) {
        static int count = 0;
        path_ = std::filesystem::temp_directory_path() /
                ("handover-roots-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
        std::ofstream(path_) << pem;
    }
    ~RootsFile() { std::filesystem::remove(path_); }
    RootsFile(const RootsFile&) = delete;
    RootsFile& operator=(const RootsFile&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

std::shared_ptr<const Trust> trust_in(const Made& made) {
    const RootsFile file(made.certificate);
    return Trust::make(file.path(), {}).value();
}

// One side, and the plain bytes that came out of it.
template <typename Side>
struct End {
    template <typename... Arguments>
    explicit End(const Arguments&... arguments) : session(arguments...) {}

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

    std::string seal(std::string_view text) {
        std::string out;
        const std::array pieces = {text};
        CHECK(session.seal(pieces, out));
        return out;
    }

    Side session;
    Session::Opened last = {};
    std::string plain = {};
};
using Client = End<ClientSession>;
using Server = End<ServerSession>;

void shake_hands(Client& client, Server& server, std::size_t piece = std::string_view::npos) {
    std::string sealed;
    client.session.begin(sealed);
    while (!sealed.empty()) sealed = client.take(server.take(sealed, piece), piece);
}

}  // namespace

TEST_CASE("a client's handshake, and bytes both ways, in any pieces") {
    const auto made = certificate();
    const auto trust = trust_in(made);
    const auto identity = identity_of(made, std::time(nullptr));
    const std::string large(100'000, 'x');
    for (const std::size_t piece : {std::size_t(1), std::size_t(7), std::size_t(100'000)}) {
        Client client(trust, Peer{.host = "gateway.test"});
        Server server(identity);
        CHECK(!client.session.established());
        shake_hands(client, server, piece);
        REQUIRE(client.session.established());
        CHECK(client.plain.empty());
        server.take(client.seal("POST / HTTP/1.1\r\n" + large), piece);
        CHECK(server.plain == "POST / HTTP/1.1\r\n" + large);
        client.take(server.seal("HTTP/1.1 200 OK\r\n" + large), piece);
        CHECK(client.plain == "HTTP/1.1 200 OK\r\n" + large);
        std::string out;
        server.session.end(out);
        client.take(out);
        CHECK(client.last.got == Session::Got::end);
    }
}

TEST_CASE("whom a client believes") {
    const auto own = certificate();
    const auto other = certificate();
    const auto unnamed = certificate({});
    const auto child = certificate({.names = all_names, .signer = &own});
    struct Case {
        const char* name;
        const Made& shown;
        const Made& trusted;
        std::string host;
        std::string reason;  // empty: believed
    };
    const std::string unknown = "self-signed certificate";
    const std::string wrong_name = "hostname mismatch";
    const std::string wrong_address = "IP address mismatch";
    const Case cases[] = {{"its name", own, own, "gateway.test", ""},
                          {"in capitals", own, own, "GATEWAY.test", ""},
                          {"an address", own, own, "127.0.0.1", ""},
                          {"an address of six", own, own, "::1", ""},
                          {"a wildcard", own, own, "a.wild.test", ""},
                          {"the subject alone", unnamed, unnamed, "gateway.test", ""},
                          {"signed by a root", child, own, "gateway.test", ""},
                          {"trusted itself, not its signer", child, child, "gateway.test", ""},
                          {"another root", own, other, "gateway.test", unknown},
                          {"another name", own, own, "elsewhere.test", wrong_name},
                          {"too deep for a wildcard", own, own, "a.b.wild.test", wrong_name},
                          {"the wildcard's parent", own, own, "wild.test", wrong_name},
                          {"beside the subject alone", unnamed, unnamed, "b.test", wrong_name},
                          {"another address", own, own, "127.0.0.2", wrong_address},
                          {"a name that is an address", unnamed, unnamed, "::1", wrong_address}};
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            Client client(trust_in(c.trusted), Peer{.host = c.host});
            Server server(identity_of(c.shown, std::time(nullptr)));
            shake_hands(client, server);
            CHECK(client.session.established() == c.reason.empty());
            CHECK(client.session.failure() == c.reason);
            if (c.reason.empty()) return;
            CHECK(client.last.got == Session::Got::failure);
            CHECK(server.last.got == Session::Got::failure);  // it was told
            std::string out;
            const std::array pieces = {std::string_view("a secret")};
            CHECK(!client.session.seal(pieces, out));
            CHECK(out.empty());
        }
    }
}

TEST_CASE("a certificate whose time is over is not believed") {
    const auto late = certificate({.names = all_names}, -60);
    Client client(trust_in(late), Peer{.host = "gateway.test"});
    Server server(identity_of(late, std::time(nullptr) - 3600));
    shake_hands(client, server);
    CHECK(!client.session.established());
    CHECK(client.session.failure() == "certificate has expired");
}

TEST_CASE("a client that comes back resumes its session, with whom it was made") {
    const auto made = certificate();
    const auto trust = trust_in(made);
    const auto identity = identity_of(made, std::time(nullptr));
    Client first(trust, Peer{.host = "gateway.test"});
    Server server(identity);
    shake_hands(first, server);
    first.take(server.seal("an answer"));
    const auto ticket = first.session.new_ticket();
    REQUIRE(ticket);
    CHECK(!first.session.new_ticket());

    Client second(trust, Peer{.host = "gateway.test", .ticket = ticket});
    std::string hello;
    second.session.begin(hello);
    Server again(identity);
    const auto answer = again.take(hello);
    second.take(answer);
    CHECK(second.session.established());
    CHECK(answer.size() < made.certificate.size() / 2);  // no certificate in it

    // From ticket to ticket, and with one ticket on several connections.
    auto newest = ticket;
    for (int i = 0; i < 3; ++i) {
        std::list<Client> clients;
        std::list<Server> servers;
        for (int j = 0; j < 4; ++j) {
            auto& one = clients.emplace_back(trust, Peer{.host = "gateway.test", .ticket = newest});
            auto& its = servers.emplace_back(identity);
            std::string sealed;
            one.session.begin(sealed);
            sealed = its.take(sealed);
            CHECK(sealed.size() < made.certificate.size() / 2);
            one.take(its.take(one.take(sealed)));
            one.take(its.seal("an answer"));
            CHECK(one.plain == "an answer");
        }
        newest = clients.back().session.new_ticket();
        REQUIRE(newest);
    }

    // A server that does not know it shows its certificate, and is looked at.
    const auto stranger = certificate();
    Client third(trust, Peer{.host = "gateway.test", .ticket = ticket});
    Server other(identity_of(stranger, std::time(nullptr)));
    shake_hands(third, other);
    CHECK(!third.session.established());
}

TEST_CASE("a client takes what is no TLS for a failure") {
    const auto made = certificate();
    const auto trust = trust_in(made);
    for (const auto& bytes : {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"),
                              std::string("\x15\x03\x03\x00\x02\x02\x28", 7),
                              std::string(2000, '\xFF')}) {
        Client client(trust, Peer{.host = "gateway.test"});
        std::string hello;
        client.session.begin(hello);
        CHECK(!hello.empty());
        client.take(bytes);
        CHECK(client.last.got == Session::Got::failure);
        CHECK(!client.session.failure().empty());
        CHECK(!client.session.established());
    }
}

TEST_CASE("trust roots that cannot be read") {
    const RootsFile nonsense("no certificate");
    for (const auto& path : {nonsense.path(), std::string("/nowhere/roots.pem")}) {
        const auto trust = Trust::make(path, {});
        REQUIRE(!trust);
        CHECK(trust.error().code == Errc::config_invalid);
        CHECK(trust.error().message.find(path) != std::string::npos);
        CHECK(!trust.error().reason.empty());
    }
    CHECK(Trust::make({}, std::filesystem::temp_directory_path()));
    CHECK(Trust::make({}, {}));
}

}  // namespace handover::tls
