// The HTTP client: libcurl's multi interface on one Asio event loop. libcurl is opened when the
// first request is made; nothing of it shows here.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace handover::http {

// A kept connection that nobody needed for so long is not used again: servers close theirs after 5
// s (uvicorn, node) to minutes.
inline constexpr std::chrono::minutes longest_idle(2);

struct ClientOptions {
    std::string proxy = {};  // empty: the usual environment variables; never for loopback targets
    std::string ca_file =
        {};  // empty: SSL_CERT_FILE, then the system's CA directory, then its CA file
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds first_byte_timeout = std::chrono::minutes(5);
    std::chrono::milliseconds idle_timeout = std::chrono::minutes(5);
    std::string user_agent = {};
};

struct ResponseHead {
    int status = 0;
    std::vector<Header> headers = {};
};

class Flow;

// Receives a response as it arrives, on the thread that runs the exchange. Returning false from
// on_body cancels the exchange. What on_head is given belongs to the exchange: copy it to keep it.
struct ResponseHandler {
    std::function<void(const ResponseHead&)> on_head = {};
    std::function<bool(std::string_view)> on_body = {};
    // What has arrived so far was handed over: time to send on what was gathered of it. Not called
    // at the end, which follows the last bytes at once.
    std::function<void()> on_settled = {};
    Flow* flow = nullptr;  // flow.hpp; null: the answer is never held back
};

// What kind of failure it was: the words for people stand in the error, this is for decisions.
enum class Fault {
    none,
    stopped,      // by the handler or the stop token
    name_lookup,  // DNS
    refused,      // no connection
    trust,        // TLS
    timeout,
    limit,     // an answer longer than allowed
    broken,    // the connection broke, or what came is not HTTP
    unusable,  // the request itself, or no libcurl: nothing was tried
};

// How a streamed exchange ended.
struct StreamEnd {
    Delivery delivery = Delivery::not_sent;
    bool cancelled = false;  // by the handler or by the stop token
    bool resent_by_library =
        false;  // a pooled connection had closed and the library sent the request once more
    Fault fault = Fault::none;
    Error error = {};  // meaningful unless delivery is `answered`
};

class Client {
public:
    explicit Client(ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // One request on a pooled connection, HTTP/2 where offered, the answer handed over as it
    // arrives. Blocking; runs the loop on the calling thread. No redirects. A stop request cancels
    // upstream at once.
    StreamEnd stream(const Request& request,
                     const ResponseHandler& handler,
                     const std::stop_token& stop);

    // The broker's way out: a fresh connection, never reused, whole answer (see http::Send).
    Outcome send(const Request& request, const Limits& limits, const std::stop_token& stop);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace handover::http
