#include "gateway/outlet.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace handover::gateway {
namespace {

constexpr std::size_t most_pieces = 8;
// A buffer that once had to hold more than this is given back when it is empty.
constexpr std::size_t most_capacity = 16U << 10U;
// More than this that is sent already is not carried along with what follows.
constexpr std::size_t most_sent = 64U << 10U;

}  // namespace

// The number of bytes that the socket took.
std::size_t Outlet::write(std::span<const std::string_view> pieces) {
    std::array<iovec, most_pieces> vectors = {};
    std::size_t count = 0;
    for (const auto piece : pieces) {
        // sendmsg does not write to what it is given.
        if (!piece.empty()) vectors.at(count++) = {const_cast<char*>(piece.data()), piece.size()};
    }
    if (count == 0) return 0;
    msghdr message = {};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    ssize_t sent = -1;
    do {
        sent = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EAGAIN && errno != EWOULDBLOCK) break_off();
    return 0;
}

void Outlet::send(std::span<const std::string_view> pieces) {
    if (broken_) return;
    if (session_ != nullptr) return seal(pieces);
    std::size_t taken = kept() == 0 ? write(pieces) : 0;
    if (broken_) return;
    for (const auto piece : pieces) {
        const auto skipped = std::min(taken, piece.size());
        taken -= skipped;
        kept_.append(piece.substr(skipped));
    }
}

void Outlet::seal(std::span<const std::string_view> pieces) {
    const bool in_order = kept() == 0;
    if (!session_->seal(pieces, kept_)) return break_off();
    if (in_order) send_kept();
}

tls::Session::Opened Outlet::open(std::span<char> room) {
    const auto before = kept_.size();
    const auto opened = session_->open(room, kept_);
    if (kept_.size() > before) send_kept();
    return opened;
}

void Outlet::end() {
    if (session_ == nullptr || broken_) return;
    session_->end(kept_);
    send_kept();
}

void Outlet::send_kept() {
    if (broken_ || kept() == 0) return;
    const std::array rest = {std::string_view(kept_).substr(sent_)};
    sent_ += write(rest);
    if (broken_) return;
    if (kept() > 0 && sent_ > most_sent) kept_.erase(0, std::exchange(sent_, 0));
    if (kept() > 0) return;
    sent_ = 0;
    kept_.clear();
    if (kept_.capacity() > most_capacity) kept_.shrink_to_fit();
}

void Outlet::break_off() {
    broken_ = true;
    kept_ = {};
    sent_ = 0;
}

}  // namespace handover::gateway
