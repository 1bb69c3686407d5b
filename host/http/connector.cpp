#include "http/connector.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

namespace handover::http {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using boost::asio::ip::tcp;

constexpr auto head_start = std::chrono::milliseconds(250);  // RFC 8305 section 5

}  // namespace

Connector::Connector(boost::asio::io_context& io, Done done)
    : io_(io), done_(std::move(done)), head_start_(io) {}

void Connector::start(const Target& target) {
    boost::system::error_code no_address;
    const auto literal = boost::asio::ip::make_address(target.host, no_address);
    if (!no_address) return try_all({{literal, target.port}});
    // Never asked of DNS (RFC 6761 section 6.3); a server on one family only is found by trying
    // both.
    if (target.loopback) {
        return try_all(
            {{address_v4::loopback(), target.port}, {address_v6::loopback(), target.port}});
    }
    lookup_.emplace(io_, target.host, target.port, [this](FoundAddresses found) {
        const auto self = shared_from_this();
        if (found.endpoints.empty())
            return end({.ending = Ending::name_unknown, .detail = std::move(found.failure)});
        try_all(std::move(found.endpoints));
    });
}

void Connector::cancel() {
    done_ = nullptr;
    lookup_.reset();
    head_start_.cancel();
    attempts_.clear();
}

void Connector::try_all(std::vector<Endpoint> endpoints) {
    endpoints_ = std::move(endpoints);
    try_next();
}

void Connector::try_next() {
    if (next_ == endpoints_.size()) {
        if (attempts_.empty()) end({.ending = Ending::refused, .detail = first_failure_});
        return;
    }
    const auto attempt = attempts_.emplace(attempts_.end(), io_.get_executor());
    attempt->async_connect(
        endpoints_[next_++],
        [self = shared_from_this(), attempt](const boost::system::error_code& error) {
            if (self->done_) self->tried(attempt, error);
        });
    if (next_ == endpoints_.size()) return;
    head_start_.expires_after(head_start);
    head_start_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error && self->done_) self->try_next();
    });
}

void Connector::tried(std::list<Socket>::iterator attempt, const boost::system::error_code& error) {
    auto socket = std::move(*attempt);
    attempts_.erase(attempt);
    if (error) {
        if (first_failure_.empty()) first_failure_ = error.message();
        return try_next();
    }
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.non_blocking(true, ignored);
    end({.socket = std::move(socket)});
}

void Connector::end(Connected connected) {
    const auto done = std::move(done_);
    cancel();
    if (done) done(std::move(connected));
}

}  // namespace handover::http
