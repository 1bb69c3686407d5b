// The sockets that the gateway listens on: its own, or those that systemd hands over.
#pragma once

#include <handover/result.hpp>

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/listen_address.hpp"
#include "gateway/admission.hpp"
#include "platform/files.hpp"

namespace handover::gateway {

class ListeningSocket {
public:
    // USAGE where the address is taken, not this machine's, or beyond loopback without
    // `allow_remote`. A Unix socket that nobody listens on any more is replaced; a new one is the
    // user's alone (0600).
    static Result<ListeningSocket> open(const config::ListenAddress& listen, bool allow_remote);
    // Takes over a socket that listens already.
    static Result<ListeningSocket> adopt(platform::Descriptor socket, bool allow_remote);

    ListeningSocket(ListeningSocket&&) = default;
    ListeningSocket& operator=(ListeningSocket&&) = default;
    ~ListeningSocket() = default;

    [[nodiscard]] int fd() const { return socket_.get(); }
    [[nodiscard]] Entrance entrance() const { return entrance_; }
    // "127.0.0.1:4141" or "unix:PATH", with the port that the kernel chose.
    [[nodiscard]] const std::string& address() const { return address_; }
    // Closes it, and removes the Unix socket that was made here, if it still stands there.
    void stop();

private:
    ListeningSocket() = default;

    platform::Descriptor socket_ = {};
    Entrance entrance_ = Entrance::loopback;
    std::string address_ = {};
    struct Made {
        std::string path;
        dev_t device;
        ino_t inode;
    };
    std::optional<Made> made_ = {};
};

// How many sockets were handed over (sd_listen_fds(3)): LISTEN_FDS, if LISTEN_PID is this process.
// They are the descriptors from 3 on.
int handed_over_sockets(const std::optional<std::string>& listen_pid,
                        const std::optional<std::string>& listen_fds,
                        long own_pid);

// Tells systemd (sd_notify(3)) where it asked to be told; nothing otherwise.
void tell_service_manager(const std::optional<std::string>& notify_socket, std::string_view state);

}  // namespace handover::gateway
