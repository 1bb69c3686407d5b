// The connections of the loopback listener: many at once, none of them trusted, none able to end or
// delay the login. The caller polls; nothing here blocks but `finish`.
#pragma once

#include <poll.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "auth/login/loopback_socket.hpp"
#include "auth/oauth2/callback.hpp"
#include "platform/files.hpp"

namespace handover::auth::login {

using SteadyTime = std::chrono::steady_clock::time_point;

class CallbackServer {
public:
    CallbackServer(LoopbackSockets sockets, oauth2::ExpectedCallback expected);

    // Adds what is to be polled to `entries`.
    void add_interest(std::vector<pollfd>& entries) const;

    // When the next connection's time is up.
    [[nodiscard]] std::optional<SteadyTime> next_deadline() const;

    // Goes on with whatever is ready; `entries` as polled. The target of the request that answers
    // ours, once it came: its connection is then held open for `finish`.
    std::optional<std::string> advance(const std::vector<pollfd>& entries, SteadyTime now);

    // Stops listening; sends `response` to the browser that waits, if there is one, and gives it a
    // moment to read it.
    void finish(const std::string& response);

private:
    struct Connection {
        platform::Descriptor socket = {};
        SteadyTime deadline = {};
        std::string received = {};
        std::string to_send = {};
        bool answered = false;  // what it sends is thrown away from now on
        bool done = false;
        bool without_body = false;  // an answer to HEAD, RFC 9110 section 9.3.2
    };

    void accept_from(int listening, SteadyTime now);
    std::optional<std::string> receive(Connection& connection);
    std::optional<std::string> judge(Connection& connection);
    void refuse(Connection& connection, int status);
    void send_rest(Connection& connection);
    void hold(Connection& connection);

    LoopbackSockets sockets_;
    oauth2::ExpectedCallback expected_;
    std::vector<Connection> connections_;  // oldest first
    platform::Descriptor waiting_browser_;
};

}  // namespace handover::auth::login
