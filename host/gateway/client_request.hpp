// A client's request, whole, as whoever answers it gets it. Everything of it belongs to one loop
// and is used on that loop's thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace handover::gateway {

class LoopMetrics;

struct HeaderView {
    std::string_view name = {};
    std::string_view value = {};
};

// What the one who answers tells of it: for the request's line in the log and for the metrics. All
// of it is optional and may be set at any time before `finish`.
struct Notes {
    std::string provider = {};
    std::string account = {};
    std::string model = {};
    std::string_view dialect =
        {};  // of the client: "responses", "chat_completions", ...; a literal
    std::string fallback_from = {};  // the provider that was asked first
    std::string error = {};          // a stable code, where the answer is a failure
    int upstream_status = 0;
    // Together with the gateway's own clock these give the time it added.
    std::optional<std::chrono::steady_clock::time_point> upstream_sent = {};
    std::optional<std::chrono::steady_clock::time_point> upstream_first_byte = {};
    std::uint64_t input_tokens = 0;
    std::uint64_t cached_tokens = 0;
    std::uint64_t output_tokens = 0;
};

// Views point into the connection and hold until the answering coroutine has ended.
struct ClientRequest {
    std::string_view method = {};
    std::string_view path = {};   // as the client wrote it, without the query; begins with '/'
    std::string_view query = {};  // what stands after the '?'
    // End-to-end headers only. Already taken out: hop-by-hop headers and those that Connection
    // names, Host, Content-Length, Expect, Origin, and everything that carried the gateway's key.
    std::vector<HeaderView> headers = {};
    std::string body = {};        // decoded and bounded; may be moved away
    std::string request_id = {};  // also sent back as x-request-id and written in the log
    std::string key_name = {};    // whose key it was; never the key
    std::chrono::steady_clock::time_point received = {};  // when the last byte of it was there

    // Requested on the loop's thread as soon as the client has gone or the gateway gives up on it
    // (within 100 ms). Nobody reads the answer any more then; ending early is all there is to do.
    std::stop_token client_gone = {};

    boost::asio::io_context* loop = nullptr;  // the loop this request lives and dies on
    std::size_t loop_index = 0;               // 0, 1, ...: the loop's own parts of a service
    LoopMetrics* metrics = nullptr;           // null only in tests

    Notes notes = {};

    // The first header of that name, compared without case; empty if there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace handover::gateway
