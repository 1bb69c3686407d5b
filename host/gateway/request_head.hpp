// The head of an HTTP/1.1 request, read strictly: what two readers could understand differently is
// refused (RFC 9112, RFC 9110). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/client_request.hpp"

namespace handover::gateway {

// Why a request is not taken. The connection is closed after it: nobody knows where the next
// request would begin.
struct Refusal {
    int status = 400;
    std::string_view why = {};  // a text of ours, never the client's
};

enum class Framing { none, length, chunked };

// Views point into the text that was parsed.
struct RequestHead {
    std::string_view method = {};
    std::string_view path = {};
    std::string_view query = {};
    bool http_1_0 = false;
    std::vector<HeaderView> headers = {};  // end-to-end ones, without those below

    std::optional<std::string_view> host = {};
    std::optional<std::string_view> origin = {};
    std::optional<std::string_view> authorization = {};
    std::optional<std::string_view> x_api_key = {};
    std::optional<std::string_view> api_key = {};
    std::string_view upgrade = {};
    bool expects_continue = false;
    bool keep_alive = true;

    Framing framing = Framing::none;
    std::uint64_t length = 0;  // with Framing::length
};

struct HeadLimits {
    std::size_t most_headers = 100;
    std::size_t longest_target = 8U << 10U;
};

// `text` is everything up to and including the empty line; its lines end in CRLF. `head` keeps the
// capacity of its vector from request to request.
std::optional<Refusal> parse_request_head(std::string_view text,
                                          const HeadLimits& limits,
                                          RequestHead& head);

}  // namespace handover::gateway
