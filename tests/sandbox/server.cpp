// Reads requests with Beast, writes replies by hand, one event a chunk, and notices clients that go
// away meanwhile. One thread, one event loop: the service behind it needs no locks.
#include "sandbox/server.hpp"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <optional>
#include <string>

#include "sandbox/service.hpp"

namespace handover::sandbox {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Failed = boost::system::error_code;

constexpr std::uint32_t header_limit = 64 * 1024;
constexpr std::uint64_t body_limit = 64ULL * 1024 * 1024;

std::string chunk(std::string_view data) {
    std::array<char, 16> size{};
    const auto [end, _] = std::to_chars(size.data(), size.data() + size.size(), data.size(), 16);
    return std::string(size.data(), end).append("\r\n").append(data).append("\r\n");
}

Request to_request(const http::request<http::string_body>& message) {
    const std::string_view target(message.target().data(), message.target().size());
    const auto question = target.find('?');
    Request request{.method = std::string(message.method_string()),
                    .path = std::string(target.substr(0, question)),
                    .query = question == std::string_view::npos
                                 ? std::string()
                                 : std::string(target.substr(question + 1)),
                    .body = message.body()};
    for (const auto& field : message) {
        std::string name(field.name_string());
        for (char& c : name) {
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
        request.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    return request;
}

std::string head_of(const Reply& reply, bool chunked, bool keep_alive) {
    auto head = "HTTP/1.1 " + std::to_string(reply.status) + " " +
                std::string(http::obsolete_reason(static_cast<http::status>(reply.status))) +
                "\r\n";
    for (const auto& [name, value] : reply.headers) {
        head.append(name).append(": ").append(value).append("\r\n");
    }
    if (chunked) {
        head.append("Transfer-Encoding: chunked\r\n");
    } else if (!reply.streams) {
        head.append("Content-Length: ").append(std::to_string(reply.body.size())).append("\r\n");
    }
    return head.append(keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
}

class Session : public std::enable_shared_from_this<Session> {
public:
    Session(tcp::socket socket, Service& service)
        : socket_(std::move(socket)), timer_(socket_.get_executor()), service_(service) {}

    void read() {
        parser_.emplace();
        parser_->header_limit(header_limit);
        parser_->body_limit(body_limit);
        http::async_read(socket_,
                         buffer_,
                         *parser_,
                         [self = shared_from_this()](const Failed& failed, std::size_t) {
                             if (!failed) {
                                 self->handle();
                             }
                         });
    }

private:
    void handle() {
        const auto& message = parser_->get();
        chunked_ = message.version() >= 11;
        reply_ = service_.handle(to_request(message), std::chrono::system_clock::now());
        keep_alive_ =
            message.keep_alive() && reply_.ending == Ending::whole && (chunked_ || !reply_.streams);
        answering_ = true;
        sent_events_ = 0;
        watch_client();
        after(reply_.delay, [this] { send_head(); });
    }

    // Tells of a client that closes while its answer is under way. Bytes of a next request end the
    // watch.
    void watch_client() {
        socket_.async_wait(tcp::socket::wait_read,
                           [self = shared_from_this()](const Failed& failed) {
                               if (!failed && self->answering_ && self->client_closed()) {
                                   self->finish(Finish::client_went_away);
                               }
                           });
    }

    bool client_closed() {
        char byte = 0;
        const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    }

    template <typename Next>
    void after(std::chrono::milliseconds wait, Next next) {
        if (wait.count() == 0) {
            next();
            return;
        }
        timer_.expires_after(wait);
        timer_.async_wait([self = shared_from_this(), next](const Failed& failed) {
            if (!failed && self->answering_) {
                next();
            }
        });
    }

    void send_head() {
        if (reply_.ending == Ending::no_answer) {
            finish(Finish::sent);
            return;
        }
        output_ = head_of(reply_, chunked_ && reply_.streams, keep_alive_);
        if (reply_.streams) {
            send_next_event();
            return;
        }
        const auto size =
            reply_.ending == Ending::whole ? reply_.body.size() : reply_.body.size() / 2;
        output_.append(reply_.body, 0, size);
        write([this] { finish(Finish::sent); });
    }

    // The first event goes out with the head.
    void send_next_event() {
        const auto all =
            reply_.ending == Ending::whole ? reply_.events.size() : reply_.events.size() / 2;
        if (sent_events_ >= all) {
            end_stream();
            return;
        }
        const auto& event = reply_.events[sent_events_++];
        output_ += chunked_ ? chunk(event) : event;
        write([this] { after(reply_.pace, [this] { send_next_event(); }); });
    }

    void end_stream() {
        if (chunked_ && reply_.ending == Ending::whole) {
            output_ += "0\r\n\r\n";
        }
        write([this] { finish(Finish::sent); });
    }

    template <typename Next>
    void write(Next next) {
        asio::async_write(socket_,
                          asio::buffer(output_),
                          [self = shared_from_this(), next](const Failed& failed, std::size_t) {
                              self->output_.clear();
                              if (!self->answering_) {
                                  return;
                              }
                              if (failed) {
                                  self->finish(Finish::client_went_away);
                                  return;
                              }
                              next();
                          });
    }

    void finish(Finish how) {
        answering_ = false;
        service_.finished(reply_, how);
        timer_.cancel();
        Failed ignored;
        socket_.cancel(ignored);
        if (how == Finish::sent && keep_alive_) {
            read();
            return;
        }
        socket_.shutdown(tcp::socket::shutdown_both, ignored);
        socket_.close(ignored);
    }

    tcp::socket socket_;
    asio::steady_timer timer_;
    Service& service_;
    boost::beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    Reply reply_;
    std::string output_;
    std::size_t sent_events_ = 0;
    bool chunked_ = true;
    bool keep_alive_ = true;
    bool answering_ = false;
};

}  // namespace

struct Server::Listener {
    asio::io_context loop{1};
    tcp::acceptor acceptor{loop};
    Service* service = nullptr;

    void accept() {
        acceptor.async_accept([this](const Failed& failed, tcp::socket socket) {
            if (!acceptor.is_open()) {
                return;
            }
            if (!failed) {
                Failed ignored;
                socket.set_option(tcp::no_delay(true), ignored);
                service->connected();
                std::make_shared<Session>(std::move(socket), *service)->read();
            }
            accept();
        });
    }
};

Server::Server(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

Result<Server> Server::listen(std::uint16_t port) {
    auto listener = std::make_unique<Listener>();
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    auto& acceptor = listener->acceptor;
    Failed failed;
    acceptor.open(endpoint.protocol(), failed);
    const auto step = [&](auto&& act) {
        if (!failed) {
            act();
        }
    };
    step([&] { acceptor.set_option(tcp::acceptor::reuse_address(true), failed); });
    step([&] { acceptor.bind(endpoint, failed); });
    step([&] { acceptor.listen(asio::socket_base::max_listen_connections, failed); });
    if (failed) {
        return fail({.code = Errc::internal,
                     .message = "cannot listen on 127.0.0.1:" + std::to_string(port),
                     .reason = failed.message(),
                     .fix = "handover-sandbox --port 0"});
    }
    return Server(std::move(listener));
}

std::uint16_t Server::port() const {
    return listener_->acceptor.local_endpoint().port();
}

void Server::serve(Service& service) {
    listener_->service = &service;
    asio::signal_set signals(listener_->loop, SIGINT, SIGTERM);
    signals.async_wait([this](const Failed&, int) { listener_->loop.stop(); });
    listener_->accept();
    listener_->loop.run();
}

}  // namespace handover::sandbox
