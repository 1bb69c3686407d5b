// One side of TLS on one connection, without I/O: sealed bytes in, plain bytes out, and the other
// way round. Nothing here waits.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tls/context.hpp"

struct ssl_st;

namespace handover::tls {

// RFC 8446 section 5.1: what a record holds at most.
inline constexpr std::size_t longest_record = 1U << 14U;

class Session {
public:
    enum class Got { bytes, nothing_more, end, failure };
    struct Opened {
        Got got = Got::nothing_more;
        std::size_t size = 0;  // of bytes
    };

    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] bool begun() const { return begun_; }

    // Bytes from the wire, of which `open` is then called until there is nothing more. Borrowed
    // until then.
    void feed(std::string_view sealed);
    // Fills `room` (`longest_record` is enough for any one record). What TLS itself has to say to
    // the other side is appended to `out`. `end` is the other side's orderly one.
    Opened open(std::span<char> room, std::string& out);
    // Appends the pieces to `out`, in as few records as they fit into. False: nothing can be sent
    // any more.
    bool seal(std::span<const std::string_view> pieces, std::string& out);
    // Says that nothing follows (close_notify).
    void end(std::string& out);

    // Why `open` failed, in OpenSSL's words.
    [[nodiscard]] const std::string& failure() const { return failure_; }

protected:
    explicit Session(std::shared_ptr<const Context> context);
    virtual ~Session();

    // That to which OpenSSL's belongs.
    static Session& of(ssl_st* session);
    [[nodiscard]] const SslLibrary& ssl() const { return ssl_; }
    [[nodiscard]] ssl_st* session() const { return session_; }

private:
    friend struct Wire;  // OpenSSL's way to `incoming_` and `out_`

    struct Record;

    [[nodiscard]] virtual std::string describe_failure() const;

    bool write(std::string_view plain);
    bool gather(std::string_view piece, Record& record);
    bool leave(Record& record);

    std::shared_ptr<const Context> context_;
    const SslLibrary& ssl_;
    ssl_st* session_;
    bool begun_ = false;
    std::string_view incoming_ = {};
    std::string* out_ = nullptr;  // while OpenSSL is at work
    std::string failure_ = {};
};

}  // namespace handover::tls
