// One request in flight: the easy handle, what it was given, what came back and which deadline
// runs. For the files of this folder only; event_loop.hpp moves it.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/client.hpp"
#include "http/curl_library.hpp"
#include "http/transfer_error.hpp"
#include "http/trust_roots.hpp"

namespace handover::http {

using SteadyTime = std::chrono::steady_clock::time_point;

struct TransferLimits {
    std::chrono::milliseconds connect = std::chrono::seconds(10);
    std::optional<std::chrono::milliseconds> first_byte = {};
    std::optional<std::chrono::milliseconds> idle = {};
    std::optional<std::chrono::milliseconds> total = {};
    std::size_t max_head = 256U << 10U;
};

// How the connection is made.
struct Route {
    std::string user_agent = {};
    std::string proxy = {};
    TrustRoots roots = {};
    bool pooled =
        true;  // false: a connection of its own, never reused, and the request never sent twice
};

// The request and the handler outlive the transfer. Everything runs on the loop's thread.
class Transfer : public std::enable_shared_from_this<Transfer> {
public:
    struct Setup {
        const CurlLibrary& curl;
        boost::asio::io_context& io;
        const Request& request;
        const ResponseHandler& handler;
        Target target = {};
        TransferLimits limits = {};
        Route route = {};
    };

    explicit Transfer(Setup setup);
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // False where memory ran out or the library lacks an option.
    bool configure();
    [[nodiscard]] CURL* easy() const { return easy_; }

    // Called by the loop: when the time is up (removes the transfer from it), and when libcurl or
    // an abort has ended the transfer.
    std::function<void(Ending)> on_deadline = {};
    void start_clock();
    void end(Ending ending, CURLcode code);
    [[nodiscard]] bool ended() const { return ended_; }

    // After the end. Rethrows what the handler threw.
    [[nodiscard]] StreamEnd result();

private:
    static int prerequest(void* self, char*, char*, int, int) noexcept;
    static std::size_t header(char* data, std::size_t one, std::size_t size, void* self) noexcept;
    static std::size_t body(char* data, std::size_t one, std::size_t size, void* self) noexcept;

    bool configure_request();
    bool append_headers();
    bool append_header(const std::string& name, std::string_view value);
    void configure_body();
    void configure_route();
    void configure_tls();

    bool take_header_line(std::string_view line);
    void deliver_head(int status);
    bool take_body(std::string_view bytes);
    bool refuse(Ending ending);

    void set_deadline(Ending ending, std::optional<std::chrono::milliseconds> from_now);
    void arm();
    [[nodiscard]] std::optional<SteadyTime> next_deadline() const;
    [[nodiscard]] Ending due_ending() const;
    [[nodiscard]] std::chrono::milliseconds limit_of(Ending ending) const;
    [[nodiscard]] Delivery delivery() const;

    template <typename Value>
    bool set(CURLoption option, Value value) {
        return setup_.curl.easy_setopt(easy_, option, value) == CURLE_OK;
    }

    Setup setup_;
    CURL* easy_ = nullptr;
    curl_slist* headers_ = nullptr;
    curl_slist* addresses_ = nullptr;
    std::array<char, CURL_ERROR_SIZE> error_text_ = {};

    int sends_ = 0;  // how often libcurl began to send the request
    bool head_begun_ = false;
    bool head_delivered_ = false;
    std::size_t head_size_ = 0;
    ResponseHead head_ = {};
    std::exception_ptr thrown_ = {};

    boost::asio::steady_timer timer_;
    std::optional<SteadyTime> armed_ = {};
    std::optional<SteadyTime> phase_deadline_ = {};
    std::optional<SteadyTime> total_deadline_ = {};
    Ending phase_ending_ = Ending::connect_timeout;

    bool ended_ = false;
    std::optional<Ending> refused_ = {};  // why a callback told libcurl to stop
    Ending ending_ = Ending::by_library;
    CURLcode code_ = CURLE_OK;
};

}  // namespace handover::http
