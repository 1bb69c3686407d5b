// The only part of the sandbox that knows sockets.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <memory>

namespace handover::sandbox {

class Service;

class Server {
public:
    // Listens on 127.0.0.1. Clients that connect from now on wait until `serve`.
    static Result<Server> listen(std::uint16_t port);
    Server(Server&&) noexcept;
    Server& operator=(Server&&) noexcept;
    ~Server();

    [[nodiscard]] std::uint16_t port() const;

    // Serves on the calling thread until SIGTERM or SIGINT.
    void serve(Service& service);

private:
    struct Listener;
    explicit Server(std::unique_ptr<Listener> listener);
    std::unique_ptr<Listener> listener_;
};

}  // namespace handover::sandbox
