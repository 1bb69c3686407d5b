// The two ends of the streams that ./dev bench gateway measures.
//   stream_load serve PORT
//   stream_load read PORT KEY CONNECTIONS STREAMS_EACH EVENTS EVERY_US [HEADER...]
//   stream_load ports N      that many free ports of 127.0.0.1, in one line
#include <netinet/in.h>
#include <sys/socket.h>

#include "stream_client.hpp"
#include "stream_server.hpp"

using namespace handover::bench;

namespace {

// All sockets stay open until the end, so that no port comes twice.
int print_free_ports(std::int64_t count) {
    for (; count > 0; --count) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) die("bind");
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
        std::printf("%d ", ntohs(address.sin_port));
    }
    std::puts("");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const auto number = [&](std::size_t at) { return leading_number(words[at]); };
    if (words.size() == 2 && words[0] == "serve") serve_streams(static_cast<int>(number(1)));
    if (words.size() == 2 && words[0] == "ports") return print_free_ports(number(1));
    if (words.size() < 7 || words[0] != "read") {
        std::fputs(
            "usage: stream_load serve PORT | ports N | read PORT KEY CONNECTIONS "
            "STREAMS_EACH EVENTS EVERY_US [HEADER...]\n",
            stderr);
        return 2;
    }
    const StreamLoad load{.port = static_cast<int>(number(1)),
                          .key = words[2],
                          .connections = static_cast<int>(number(3)),
                          .streams_each = static_cast<int>(number(4)),
                          .plan = {.events = number(5), .every_us = number(6)},
                          .headers = {words.begin() + 7, words.end()}};
    return measure_streams(load) ? 0 : 1;
}
