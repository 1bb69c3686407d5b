#include "http/name_lookup.hpp"

#include <netdb.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace handover::http {
namespace {

using boost::asio::ip::tcp;

FoundAddresses ask_system(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_flags = AI_ADDRCONFIG;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    FoundAddresses found;
    if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
        found.failure = gai_strerror(error);
        return found;
    }
    for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
        tcp::endpoint endpoint;
        if (entry->ai_addrlen > endpoint.capacity()) continue;
        std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
        endpoint.port(port);
        found.endpoints.push_back(endpoint);
    }
    freeaddrinfo(list);
    return found;
}

}  // namespace

// Shared with the thread, which may outlive everything else.
struct NameLookup::Question {
    std::string host = {};
    std::uint16_t port = 0;
    std::mutex mutex = {};  // guards `work` against the thread
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work =
        {};          // none: nobody waits any more
    Done done = {};  // the loop's

    static void answer(const std::shared_ptr<Question>& self, FoundAddresses found) {
        const std::lock_guard lock(self->mutex);
        if (!self->work) return;
        boost::asio::post(self->work->get_executor(), [self, found = std::move(found)]() mutable {
            if (self->give_up()) self->done(std::move(found));
        });
    }

    // False if it was given up before.
    bool give_up() {
        const std::lock_guard lock(mutex);
        const bool waited = work.has_value();
        work.reset();
        return waited;
    }
};

NameLookup::NameLookup(boost::asio::io_context& io, std::string host, std::uint16_t port, Done done)
    : question_(std::make_shared<Question>()) {
    question_->host = std::move(host);
    question_->port = port;
    question_->work.emplace(io.get_executor());
    question_->done = std::move(done);
    try {
        std::thread([question = question_] {
            Question::answer(question, ask_system(question->host, question->port));
        }).detach();
    } catch (const std::system_error& error) {
        Question::answer(question_, {.failure = error.what()});
    }
}

NameLookup::~NameLookup() {
    question_->give_up();
}

}  // namespace handover::http
