// One exchange in HTTP/1.1, straight to its target, over Asio's sockets. For the files of this
// folder only.
#pragma once

#include <boost/system/error_code.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "http/connection.hpp"
#include "http/connector.hpp"
#include "http/exchange.hpp"

namespace handover::http {

class Origin;

class Http1Exchange final : public Exchange {
public:
    using Exchange::Exchange;
    ~Http1Exchange() override;

    // For the connection.
    void on_read(const boost::system::error_code& error, std::size_t size);
    void on_writable();

private:
    void begin() override;
    void cut() override;
    void continue_flow() override;

    void connect();
    void connected(Connected result);
    void shake_hands(std::unique_ptr<Connection> connection);
    void on_greeting();
    void send();
    void write();
    void read();
    void work();
    bool take_next();
    bool take_step(const ResponseParser::Step& step);
    void gather(std::string_view bytes);
    bool hand_over();
    bool settle();
    void on_lost();
    void complete();
    bool may_be_kept();
    void broken(std::string reason);
    void refused(std::string reason);
    void untaken(std::string reason);
    void drop_connection();

    [[nodiscard]] bool secure() const { return target().scheme == "https"; }

    Origin* origin_ = nullptr;
    std::shared_ptr<Connector> connector_ = {};
    std::shared_ptr<Connection> connection_ = {};
    bool reused_ = false;
    bool shaking_hands_ = false;
    std::size_t sent_ = 0;  // of head and body
    bool writing_ = false;  // some of the request has not left
    bool reading_ = false;
    std::string_view input_ = {};          // read, but not yet taken
    std::string_view gathered_ = {};       // of the body, not yet handed over
    boost::system::error_code lost_ = {};  // why nothing more can be read
};

}  // namespace handover::http
