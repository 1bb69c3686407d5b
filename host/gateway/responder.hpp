// The way back to a client. A connection implements it; tests write what they want to see. All
// calls on the loop's thread, none blocks, none throws for what the client does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/client_request.hpp"
#include "http/message.hpp"

namespace handover::gateway {

enum class Pressure {
    none,  // go on
    high,  // the client is slower than its upstream: pause that one until `on_drained` calls
    gone,  // the client has gone: stop; what is written from here on is thrown away
};

// Either `whole`, or `send_head`, any number of `write` and `queue`, and `finish`. An answering
// coroutine that returns without one of them is answered for: 500 before the head, a broken
// connection after it.
class Responder {
public:
    virtual ~Responder() = default;

    // Headers of the gateway's own, for every answer to this request that has not begun yet. A
    // later call replaces them.
    virtual void bear(std::span<const HeaderView> headers) = 0;

    // Head and body in one write: the quick case.
    virtual void whole(int status,
                       std::span<const http::Header> headers,
                       std::string_view body) = 0;

    // The head of a stream. It leaves with the first bytes of the body, or by itself with `flush`.
    // With `length` exactly so many bytes must follow;
    // without it the body is chunked. Framing, Date, Connection and x-request-id are the
    // responder's; hop-by-hop and framing headers among `headers` are left out, so that an
    // upstream's head may be handed over as it is.
    virtual void send_head(int status,
                           std::span<const http::Header> headers,
                           std::optional<std::uint64_t> length = {}) = 0;

    // Sends at once, together with all that is still queued; what the socket does not take is kept.
    virtual Pressure write(std::string_view bytes) = 0;

    // Kept until the next `write`, `flush` or `finish`: for what may be followed at once by more,
    // or by the end.
    virtual Pressure queue(std::string_view bytes) = 0;

    // Sends the head and what is queued.
    virtual void flush() = 0;

    // The end of the stream, with all that is queued.
    virtual void finish() = 0;

    // Breaks the connection off, so that the client sees that the answer is not complete.
    virtual void abort() = 0;

    // Called once, on the loop's thread, when pressure that was high is none again, or the client
    // has gone meanwhile; at once where it is not high. A later call replaces an earlier one.
    virtual void on_drained(std::function<void()> call) = 0;

    [[nodiscard]] virtual bool head_sent() const = 0;  // no other answer can be given any more
};

// While nothing is written, streams of text/event-stream are kept alive by comments of the
// responder's ([serve] stream_keep_alive), between events only; nobody else has to.

}  // namespace handover::gateway
