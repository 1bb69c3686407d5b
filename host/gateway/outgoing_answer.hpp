// One answer on its way to a client: head, framing, back-pressure. The bytes leave through the
// connection's Outlet; the connection says when the socket can be written to again.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "gateway/outlet.hpp"
#include "gateway/responder.hpp"
#include "gateway/response_head.hpp"

namespace handover::gateway {

// What an answer needs of the connection that carries it.
class AnswerCarrier {
public:
    virtual void wait_writable() = 0;  // call `writable` when the outlet's socket takes bytes again
    virtual std::string_view date_line() = 0;  // "Date: ...\r\n"

protected:
    ~AnswerCarrier() = default;
};

struct AnswerTo {
    std::string_view request_id = {};  // outlives the answer
    bool head_only = false;            // HEAD
    bool http_1_0 = false;
    bool keep_alive = true;
    std::vector<http::Header> extra = {};  // CORS
};

class OutgoingAnswer final : public Responder {
public:
    OutgoingAnswer(Outlet& outlet, AnswerCarrier& carrier) : outlet_(outlet), carrier_(carrier) {}

    void begin(AnswerTo to);

    void bear(std::span<const HeaderView> headers) override;

    void whole(int status, std::span<const http::Header> headers, std::string_view body) override;
    void send_head(int status,
                   std::span<const http::Header> headers,
                   std::optional<std::uint64_t> length) override;
    Pressure write(std::string_view bytes) override;
    Pressure queue(std::string_view bytes) override;
    void flush() override;
    void finish() override;
    void abort() override;
    void on_drained(std::function<void()> call) override;
    [[nodiscard]] bool head_sent() const override { return phase_ != Phase::idle; }

    void writable();
    void broken();                                  // the client has gone
    void close_after() { to_.keep_alive = false; }  // takes effect on a head that was not sent yet
    // Puts a comment into an event stream that was silent for so long.
    void keep_alive(std::chrono::steady_clock::time_point now, std::chrono::milliseconds silence);

    [[nodiscard]] bool finished() const { return phase_ == Phase::finished; }
    [[nodiscard]] bool incomplete() const { return aborted_ || outlet_.broken(); }
    [[nodiscard]] bool closes() const { return !kept_alive_; }
    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> first_byte() const {
        return first_byte_;
    }

private:
    enum class Phase { idle, head_waits, streaming, finished };
    enum class Framing { none, length, chunked, until_close };

    void begin_head(int status, std::span<const http::Header> headers);
    void end_head(Framing framing, std::uint64_t length);
    void choose_framing(std::size_t size, bool last);
    void emit(std::string_view bytes, bool last);
    void emit_chunk(std::string_view head, std::string_view bytes, bool last);
    void send(std::span<const std::string_view> pieces);
    [[nodiscard]] Pressure pressure();

    Outlet& outlet_;
    AnswerCarrier& carrier_;
    AnswerTo to_ = {};
    Phase phase_ = Phase::idle;
    Framing framing_ = Framing::none;
    int status_ = 0;
    std::optional<std::uint64_t> length_ = {};
    std::uint64_t body_bytes_ = 0;
    std::string own_fields_ = {};  // as they stand in the head
    std::string head_ = {};        // until it is sent
    std::string queued_ = {};
    bool kept_alive_ = true;  // as the head said
    bool aborted_ = false;
    bool high_ = false;
    bool event_stream_ = false;
    EventBoundary boundary_ = {};
    std::function<void()> drained_ = {};
    std::chrono::steady_clock::time_point last_write_ = {};
    std::optional<std::chrono::steady_clock::time_point> first_byte_ = {};
};

}  // namespace handover::gateway
