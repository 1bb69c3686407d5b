#include "gateway/outlet.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>

#include "platform/files.hpp"

namespace handover::gateway {
namespace {

// An outlet and the other end of its socket.
struct Pair {
    Pair() {
        std::array<int, 2> ends = {};
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        near = platform::Descriptor(ends[0]);
        far = platform::Descriptor(ends[1]);
    }

    // Takes so much, or what there is.
    void take(std::size_t most) {
        std::string room(most, '\0');
        const auto got = recv(far.get(), room.data(), room.size(), 0);
        if (got > 0) arrived.append(room, 0, static_cast<std::size_t>(got));
    }

    platform::Descriptor near = {};
    platform::Descriptor far = {};
    std::string arrived = {};
};

std::string numbered(std::size_t from, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += std::to_string(from + i) + ' ';
    return text;
}

}  // namespace

TEST_CASE("what a socket does not take at once leaves in order") {
    Pair pair;
    Outlet outlet(pair.near.get());
    std::string sent;
    // The client is always behind, so that something is kept all the time; what has left does not
    // pile up before it.
    for (std::size_t round = 0; round < 200; ++round) {
        const auto text = numbered(round * 2000, 2000);
        sent += text;
        const std::array pieces = {std::string_view(text).substr(0, 1000),
                                   std::string_view(),
                                   std::string_view(text).substr(1000)};
        outlet.send(pieces);
        pair.take(text.size() / 2);
        outlet.send_kept();
        CHECK(sent.size() >= pair.arrived.size() + outlet.kept());
    }
    CHECK(outlet.kept() > 0);
    for (int i = 0; i < 10'000 && pair.arrived.size() < sent.size(); ++i) {
        pair.take(1U << 20U);
        outlet.send_kept();
    }
    CHECK(outlet.kept() == 0);
    CHECK(pair.arrived == sent);
    CHECK(!outlet.broken());
}

TEST_CASE("nothing is kept for a client that has gone") {
    Pair pair;
    Outlet outlet(pair.near.get());
    const std::string text(4U << 20U, 'x');
    const std::array pieces = {std::string_view(text)};
    outlet.send(pieces);
    CHECK(outlet.kept() > 0);
    pair.far.reset();
    outlet.send_kept();
    CHECK(outlet.broken());
    CHECK(outlet.kept() == 0);
    outlet.send(pieces);
    CHECK(outlet.kept() == 0);
    outlet.end();
    outlet.break_off();
    CHECK(outlet.broken());
}

}  // namespace handover::gateway
