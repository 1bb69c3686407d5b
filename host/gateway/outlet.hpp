// Bytes on their way out of a non-blocking socket: what it does not take at once is kept.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace handover::gateway {

class Outlet {
public:
    explicit Outlet(int fd) : fd_(fd) {}  // not owned

    // All pieces in one system call where the socket takes them; in order after what is kept.
    void send(std::span<const std::string_view> pieces);
    void send_kept();  // when the socket can be written to again

    [[nodiscard]] std::size_t kept() const { return kept_.size() - sent_; }
    [[nodiscard]] bool broken() const { return broken_; }
    // Nothing is written any more, and what is kept is thrown away.
    void break_off();

private:
    std::size_t write(std::span<const std::string_view> pieces);

    int fd_;
    bool broken_ = false;
    std::string kept_ = {};
    std::size_t sent_ = 0;  // of kept_
};

}  // namespace handover::gateway
