// Bytes on their way out of a non-blocking socket, sealed where the connection speaks TLS: what it
// does not take at once is kept.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "tls/session.hpp"

namespace handover::gateway {

class Outlet {
public:
    explicit Outlet(int fd) : fd_(fd) {}  // not owned

    // From here on bytes go through it; null: through none. Not owned.
    void speak(tls::Session* session) { session_ = session; }
    // The next bytes of what the session was fed; what it answers by itself is sent.
    tls::Session::Opened open(std::span<char> room);
    // Nothing follows: tells the other side, where there is a way to say so.
    void end();

    // All pieces in one system call where the socket takes them; in order after what is kept.
    void send(std::span<const std::string_view> pieces);
    void send_kept();  // when the socket can be written to again

    [[nodiscard]] std::size_t kept() const { return kept_.size() - sent_; }
    [[nodiscard]] bool broken() const { return broken_; }
    // Nothing is written any more, and what is kept is thrown away.
    void break_off();

private:
    void seal(std::span<const std::string_view> pieces);
    std::size_t write(std::span<const std::string_view> pieces);

    int fd_;
    tls::Session* session_ = nullptr;
    bool broken_ = false;
    std::string kept_ = {};  // as it goes over the wire
    std::size_t sent_ = 0;   // of kept_
};

}  // namespace handover::gateway
