#include "gateway/listening_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace handover::gateway {
namespace {

constexpr int most_waiting = 1024;
constexpr int most_handed_over = 16;

struct Address {
    sockaddr_storage storage = {};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
};

template <typename Native>
Address in_storage(const Native& native, std::size_t size = sizeof(Native)) {
    Address address;
    std::memcpy(&address.storage, &native, sizeof native);
    address.size = static_cast<socklen_t>(size);
    return address;
}

Address native_address(const config::ListenAddress& listen) {
    if (!listen.unix_path.empty()) {
        sockaddr_un native = {};
        native.sun_family = AF_UNIX;
        listen.unix_path.copy(native.sun_path, sizeof native.sun_path - 1);
        return in_storage(native);
    }
    if (listen.ipv6) {
        sockaddr_in6 native = {};
        native.sin6_family = AF_INET6;
        native.sin6_port = htons(listen.port);
        (void)inet_pton(AF_INET6, listen.address.c_str(), &native.sin6_addr);
        return in_storage(native);
    }
    sockaddr_in native = {};
    native.sin_family = AF_INET;
    native.sin_port = htons(listen.port);
    (void)inet_pton(AF_INET, listen.address.c_str(), &native.sin_addr);
    return in_storage(native);
}

Failure cannot_listen(const std::string& where, std::string reason, std::string fix) {
    return fail({.code = Errc::usage,
                 .message = "cannot listen on " + where,
                 .reason = std::move(reason),
                 .fix = std::move(fix)});
}

Failure cannot_listen(const std::string& where, int error_number) {
    const bool busy = error_number == EADDRINUSE;
    return cannot_listen(where,
                         platform::error_text(error_number),
                         busy ? "end the program that listens there, or choose another address "
                                "with --listen"
                              : "choose another address with --listen");
}

// What an address is called, and who gets in there.
struct Described {
    Entrance entrance = Entrance::loopback;
    std::string address = {};
};

template <typename Native>
Native as(const sockaddr_storage& storage) {
    Native native = {};
    std::memcpy(&native, &storage, sizeof native);
    return native;
}

Described describe_tcp(const sockaddr_storage& storage) {
    std::array<char, INET6_ADDRSTRLEN> text = {};
    const bool ipv6 = storage.ss_family == AF_INET6;
    const auto v4 = as<sockaddr_in>(storage);
    const auto v6 = as<sockaddr_in6>(storage);
    const void* address = ipv6 ? static_cast<const void*>(&v6.sin6_addr) : &v4.sin_addr;
    (void)inet_ntop(storage.ss_family, address, text.data(), text.size());
    const auto port = ntohs(ipv6 ? v6.sin6_port : v4.sin_port);
    return {
        .entrance = is_loopback_address(text.data()) ? Entrance::loopback : Entrance::remote,
        .address = fmt::format("{}{}{}:{}", ipv6 ? "[" : "", text.data(), ipv6 ? "]" : "", port)};
}

std::optional<Described> describe(int fd) {
    sockaddr_storage storage = {};
    socklen_t size = sizeof storage;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
    if (storage.ss_family == AF_INET || storage.ss_family == AF_INET6) return describe_tcp(storage);
    if (storage.ss_family != AF_UNIX) return std::nullopt;
    const auto local = as<sockaddr_un>(storage);
    const std::string path(local.sun_path, strnlen(local.sun_path, sizeof local.sun_path));
    return Described{.entrance = Entrance::local, .address = "unix:" + path};
}

// A socket of ours whose listener has gone: nobody answers there.
bool is_left_behind(const std::string& path, const Address& address) {
    struct stat status = {};
    if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
    if (status.st_uid != geteuid()) return false;
    const platform::Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return connect(probe.get(), address.get(), address.size) != 0 && errno == ECONNREFUSED;
}

// 0, or the error number. The mode is the user's alone from the first moment on.
int bind_unix(int fd, const std::string& path, const Address& address) {
    const auto before = umask(S_IXUSR | S_IRWXG | S_IRWXO);
    int error_number = bind(fd, address.get(), address.size) == 0 ? 0 : errno;
    if (error_number == EADDRINUSE && is_left_behind(path, address) && unlink(path.c_str()) == 0)
        error_number = bind(fd, address.get(), address.size) == 0 ? 0 : errno;
    umask(before);
    return error_number;
}

int bind_tcp(int fd, const Address& address) {
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, address.get(), address.size) == 0 ? 0 : errno;
}

}  // namespace

Result<ListeningSocket> ListeningSocket::open(const config::ListenAddress& listen,
                                              bool allow_remote) {
    const auto where = to_text(listen);
    const bool is_unix = !listen.unix_path.empty();
    if (!is_unix && !allow_remote && !is_loopback_address(listen.address)) {
        return cannot_listen(
            where,
            "everybody who reaches this machine would reach the gateway",
            "add --allow-remote if that is meant, with tls_certificate and tls_key in the "
            "config's [serve]");
    }
    const auto address = native_address(listen);
    platform::Descriptor socket(
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return cannot_listen(where, errno);
    const int error_number = is_unix ? bind_unix(socket.get(), listen.unix_path, address)
                                     : bind_tcp(socket.get(), address);
    if (error_number != 0) return cannot_listen(where, error_number);
    if (::listen(socket.get(), most_waiting) != 0) return cannot_listen(where, errno);
    auto listening = adopt(std::move(socket), allow_remote);
    struct stat made = {};
    if (listening && is_unix && lstat(listen.unix_path.c_str(), &made) == 0)
        listening->made_ = {listen.unix_path, made.st_dev, made.st_ino};
    return listening;
}

Result<ListeningSocket> ListeningSocket::adopt(platform::Descriptor socket, bool allow_remote) {
    int listens = 0;
    socklen_t size = sizeof listens;
    (void)getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
    const auto described = describe(socket.get());
    if (listens == 0 || !described) {
        return cannot_listen("the socket that was handed over",
                             "it is no listening stream socket",
                             "see config/handover.socket");
    }
    if (described->entrance == Entrance::remote && !allow_remote) {
        return cannot_listen(
            described->address,
            "everybody who reaches this machine would reach the gateway",
            "add --allow-remote if that is meant, with tls_certificate and tls_key in the "
            "config's [serve]");
    }
    (void)fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
    (void)fcntl(socket.get(), F_SETFL, fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    ListeningSocket listening;
    listening.socket_ = std::move(socket);
    listening.entrance_ = described->entrance;
    listening.address_ = described->address;
    return listening;
}

void ListeningSocket::stop() {
    socket_.reset();
    struct stat there = {};
    if (made_ && lstat(made_->path.c_str(), &there) == 0 && there.st_dev == made_->device &&
        there.st_ino == made_->inode)
        (void)unlink(made_->path.c_str());
    made_.reset();
}

int handed_over_sockets(const std::optional<std::string>& listen_pid,
                        const std::optional<std::string>& listen_fds,
                        long own_pid) {
    const auto number = [](const std::optional<std::string>& text) -> long {
        long value = -1;
        if (!text) return value;
        const auto* end = text->data() + text->size();
        const auto parsed = std::from_chars(text->data(), end, value);
        return parsed.ec == std::errc() && parsed.ptr == end ? value : -1;
    };
    const auto count = number(listen_fds);
    if (number(listen_pid) != own_pid || count < 1) return 0;
    return static_cast<int>(std::min<long>(count, most_handed_over));
}

void tell_service_manager(const std::optional<std::string>& notify_socket, std::string_view state) {
    sockaddr_un native = {};
    native.sun_family = AF_UNIX;
    if (!notify_socket || notify_socket->empty()) return;
    if (notify_socket->size() >= sizeof native.sun_path) return;
    notify_socket->copy(native.sun_path, notify_socket->size());
    if (native.sun_path[0] == '@') native.sun_path[0] = '\0';  // abstract
    const auto address =
        in_storage(native, offsetof(sockaddr_un, sun_path) + notify_socket->size());
    const platform::Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    (void)sendto(
        socket.get(), state.data(), state.size(), MSG_NOSIGNAL, address.get(), address.size);
}

}  // namespace handover::gateway
