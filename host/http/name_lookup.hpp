// Looks a host's addresses up without making a loop wait. For the files of this folder only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace handover::http {

struct FoundAddresses {
    std::vector<boost::asio::ip::tcp::endpoint> endpoints = {};
    std::string failure = {};  // why there are none
};

// One question. The system's resolver cannot be interrupted: it is asked on a thread of its own,
// which is left behind when nobody wants the answer any more.
class NameLookup {
public:
    using Done = std::function<void(FoundAddresses)>;

    // `done` is called once, on the loop, unless this is gone before.
    NameLookup(boost::asio::io_context& io, std::string host, std::uint16_t port, Done done);
    ~NameLookup();
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;

private:
    struct Question;
    std::shared_ptr<Question> question_;
};

}  // namespace handover::http
